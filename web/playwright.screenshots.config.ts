import base from './playwright.config';

export default { ...base, testDir: 'tests/screenshots', reporter: [['line']] as [['line']] };
