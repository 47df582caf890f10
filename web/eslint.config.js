import js from '@eslint/js';
import lit from 'eslint-plugin-lit';
import typescript from 'typescript-eslint';

export default typescript.config(
  { ignores: ['node_modules', 'src/api/schema.d.ts', 'test-results'] },
  js.configs.recommended,
  ...typescript.configs.strict,
  lit.configs['flat/recommended'],
  { files: ['examples/**'], languageOptions: { globals: { document: 'readonly' } } },
  {
    languageOptions: { globals: { console: 'readonly', process: 'readonly', URL: 'readonly' } },
    rules: {
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      'lit/no-template-arrow': 'off',
    },
  },
);
