import type { Job, Trial, TuneSpec } from '../../api/types';

/** What a trial reported from inside: metrics at a step. */
export interface Evaluation {
  number: number;
  step: number;
  metrics: Record<string, number>;
  share: number | null;
}

export interface TuneObjective {
  metric: string;
  direction: 'maximize' | 'minimize';
}

/** `GET /jobs/{id}/report` of a tuning; while it runs, what is known so far. */
export interface TuneReport {
  objectives: TuneObjective[];
  best: Trial | null;
  trials: Trial[];
  endedBy: string;
  strategy: string;
  spaceSize: number | null;
  modelPath: string | null;
  seconds: number;
  importances: Record<string, Record<string, number>>;
  importanceNotes: Record<string, string>;
  curves: Evaluation[];
  spec: TuneSpec | null;
  constraints: { metric: string; max: number | null; min: number | null }[];
  pareto: number[];
  feasible: number | null;
}

/** The properties that every kind's result has. */
export interface ResultProperties<Report> {
  job: Job;
  report: Report | null;
}
