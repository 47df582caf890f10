/** The API's records by their short names, out of the generated types. Answers always have every field. */
import type { components } from './schema';

type Schemas = components['schemas'];
/** A record as the server sends it: fields with a default are there too. */
export type Answer<Name extends keyof Schemas> = Required<Schemas[Name]>;

export type Progress = Answer<'Progress'>;
export type Job = Omit<Answer<'JobView'>, 'progress'> & { progress: Progress };
export type JobKind = Schemas['JobView']['kind'];
export type JobState = Schemas['JobView']['state'];
export type JobList = { jobs: Job[]; total: number; next: string | null };
export type Trial = Answer<'TrialView'>;
export type TrialList = { trials: Trial[]; next: string | null };
export type Totals = Answer<'Totals'>;
export type System = Answer<'SystemView'>;
export type Model = Answer<'ModelView'>;
export type Dataset = Answer<'DatasetView'>;
export type DatasetDetail = Omit<Answer<'DatasetDetail'>, 'columns' | 'labels' | 'sample'> & {
  columns: Answer<'ColumnFacts'>[];
  labels: Answer<'LabelCount'>[];
  sample: Answer<'SampleRow'>[];
};
export type PluginList = Answer<'PluginList'>;
export type Contribution = Answer<'ContributionView'>;
export type Fault = Answer<'Fault'>;

export type TuneSpec = Schemas['TuneSpec'];
export type PruneSpec = Schemas['PruneSpec'];
export type QuantizeSpec = Schemas['QuantizeSpec'];
export type CompareSpec = Schemas['CompareSpec'];
export type CompressSpec = Schemas['CompressSpec'];

export const FINISHED_STATES: readonly JobState[] = ['succeeded', 'failed', 'cancelled'];
