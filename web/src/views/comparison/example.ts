import type { CompressSpec } from '../../api/types';

const CALLS: Partial<Record<NonNullable<CompressSpec['task']>, string>> = {
  'text-classification': 'found = model(["…"])\n    print(found.labels, found.probabilities)',
  'token-classification': 'print(model.tag([["…", "…"]]))',
  'causal-language-modeling': 'print(model.generate(["…"], max_new_tokens=30))',
  translation: 'print(model.generate(["…"]))',
  summarization: 'print(model.generate(["…"]))',
  'image-classification': 'found = model(["image.png"])\n    print(found.labels, found.probabilities)',
};

/** A few lines of Python that run a model by what it is for. */
export function exampleCode(path: string, task: CompressSpec['task']): string {
  const call = (task && CALLS[task]) ?? CALLS['text-classification'] ?? '';
  return `import persopt\n\nwith persopt.load(${JSON.stringify(path)}) as model:\n    ${call}`;
}
