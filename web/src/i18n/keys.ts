/** The keys of all catalogues, so that the type checker knows them. The English files are the measure. */
import type charts from './en/charts.json';
import type comparison from './en/comparison.json';
import type forms from './en/forms.json';
import type jobs from './en/jobs.json';
import type knobs from './en/knobs.json';
import type pruning from './en/pruning.json';
import type quantization from './en/quantization.json';
import type results from './en/results.json';
import type said from './en/said.json';
import type shell from './en/shell.json';
import type tuning from './en/tuning.json';

interface Catalogues {
  charts: typeof charts;
  comparison: typeof comparison;
  forms: typeof forms;
  jobs: typeof jobs;
  knobs: typeof knobs;
  pruning: typeof pruning;
  quantization: typeof quantization;
  results: typeof results;
  said: typeof said;
  shell: typeof shell;
  tuning: typeof tuning;
}

/** A part of the studio whose texts load together; a file `<language>/<area>.json` each. */
export type Area = keyof Catalogues;
export type MessageKey = { [Name in Area]: keyof Catalogues[Name] & string }[Area];
