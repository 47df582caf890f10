import { describe, expect, test } from 'vitest';
import { ExactNumber, readExact, writeExact } from '../../src/views/jobs/exact-json';
import {
  asCommand,
  asCurl,
  asPython,
  python,
  snake,
  withoutDefaults,
  type Schemas,
} from '../../src/views/jobs/spec-code';

const SCHEMAS: Schemas = {
  TuneSpec: {
    properties: {
      kind: {},
      baseModelPath: { default: '' },
      datasetPath: { default: '' },
      maxTrials: { default: null },
      seed: { default: 0 },
      config: { default: {} },
      earlyStopping: { $ref: '#/components/schemas/EarlyStopping', default: {} },
    },
  },
  EarlyStopping: { properties: { method: { default: 'none' }, startupTrials: { default: 5 } } },
};

test('a spec is told without what is the default anyway', () => {
  const spec = {
    kind: 'tune',
    baseModelPath: 'bert',
    datasetPath: '',
    maxTrials: 20,
    seed: 0,
    config: { batchSize: [8, 16] },
    earlyStopping: { method: 'asha', startupTrials: 5 },
  };
  expect(withoutDefaults('tune', spec, SCHEMAS)).toEqual({
    baseModelPath: 'bert',
    maxTrials: 20,
    config: { batchSize: [8, 16] },
    earlyStopping: { method: 'asha' },
  });
  const plain = { ...spec, earlyStopping: { method: 'none', startupTrials: 5 } };
  expect(withoutDefaults('tune', plain, SCHEMAS)).not.toHaveProperty('earlyStopping');
  expect(withoutDefaults('tune', { kind: 'tune', seed: 1 }, {})).toEqual({ seed: 1 });
});

describe('numbers', () => {
  test('stay what they were: 1.0 is no whole number', () => {
    const read = readExact('{"min": 1.0, "max": 3, "rate": 1e-5}') as Record<string, unknown>;
    expect(read['min']).toEqual(new ExactNumber('1.0'));
    expect(read['max']).toBe(3);
    expect(writeExact(read)).toBe('{\n  "min": 1.0,\n  "max": 3,\n  "rate": 0.00001\n}');
    expect(python(read)).toBe('{"min": 1.0, "max": 3, "rate": 0.00001}');
  });
});

test.each([
  ['maxTrials', 'max_trials'],
  ['nmPattern', 'nm_pattern'],
  ['seed', 'seed'],
])('%s is %s in Python', (name, written) => {
  expect(snake(name)).toBe(written);
});

describe('Python', () => {
  test('of a tuning', () => {
    const spec = {
      baseModelPath: 'models/bert',
      datasetPath: 'نظرها.csv',
      outputDir: 'models/best',
      config: { learningRate: { min: 1e-5, max: 1e-3, distribution: 'log_uniform' } },
      objectives: [{ metric: 'f1', direction: 'maximize' }],
      maxTrials: 20,
      data: { textColumns: ['a'] },
    };
    expect(asPython('tune', spec)).toBe(`import persopt

report = persopt.tune(
    "models/bert",
    "نظرها.csv",
    config={"learningRate": {"min": 0.00001, "max": 0.001, "distribution": "log_uniform"}},
    output="models/best",
    objectives=[persopt.Objective("f1", "maximize")],
    max_trials=20,
    data_options={"textColumns": ["a"]},
)
`);
  });

  test('of a pruning: what its config holds are keywords', () => {
    const spec = { modelPath: 'a', outputPath: 'b', datasetPath: 'c', config: { sparsity: 0.5, keepLayers: [0, 2] } };
    expect(asPython('prune', spec)).toBe(`import persopt

report = persopt.prune(
    "a",
    "b",
    sparsity=0.5,
    keep_layers=[0, 2],
    data="c",
)
`);
  });

  test('of a program, of a comparison without data, of a compression', () => {
    expect(asPython('tune', { command: 'python t.py --lr {lr}', seed: 1 })).toContain(
      '    command="python t.py --lr {lr}",\n',
    );
    expect(asPython('compare', { modelPaths: ['a', 'b'], speed: false })).toContain(
      '    ["a", "b"],\n    speed=False,\n',
    );
    expect(asPython('compress', { modelPath: 'm', datasetPath: 'd', maxAccuracyDrop: 1 })).toContain(
      '    "m",\n    "d",\n    max_accuracy_drop=1,\n',
    );
    expect(asPython('compress', { modelPath: 'm', datasetPath: 'd', outputPath: 'o' })).toContain(
      '    "d",\n    "o",\n',
    );
  });
});

test('the command and the request carry the spec as it is', () => {
  const spec = { modelPath: "it's", config: { sparsity: 0.5 } };
  const body = '{\n  "modelPath": "it\'s",\n  "config": {\n    "sparsity": 0.5\n  }\n}';
  expect(asCommand('prune', spec)).toBe(`persopt prune --spec - <<'JSON'\n${body}\nJSON\n`);
  const address = 'http://127.0.0.1:8000/api/optimization';
  expect(asCurl('prune', spec, address, false)).toBe(
    `curl ${address}/prune \\\n  -H 'Content-Type: application/json' \\\n  --data-binary @- <<'JSON'\n${body}\nJSON\n`,
  );
  expect(asCurl('tune', {}, address, true)).toContain(`${address}/jobs \\\n`);
  expect(asCurl('tune', {}, address, true)).toContain('Authorization: Bearer $PERSOPT_TOKEN');
});
