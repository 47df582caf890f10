import type { Line } from '../../charts/lines';
import { bestSoFar } from '../../charts/pareto';
import type { ParallelAxis, ParallelLine } from '../../charts/parallel';
import type { Trial } from '../../api/types';
import { parameterNames } from './trial-rows';
import type { Evaluation, TuneObjective, TuneReport } from './tune-report';

export interface ChartWords {
  trials: string;
  stopped: string;
  best: string;
  trial: (number: number) => string;
  metric: (name: string) => ParallelAxis;
  knob: (name: string) => string;
}

const MOST_LINES = 60;

/** The first objective's value of each trial, and the best of them so far. */
export function historyLines(trials: readonly Trial[], objective: TuneObjective, words: ChartWords): Line[] {
  const points = (state: Trial['state']) =>
    trials
      .filter((trial) => trial.state === state && isNumber(trial.values[0]))
      .map((trial) => ({ x: trial.number, y: trial.values[0] as number, id: String(trial.number) }));
  const [succeeded, stopped] = [
    points('succeeded'),
    points('stopped').map((point) => ({ ...point, shape: 'cross' as const })),
  ];
  const best = bestSoFar(succeeded, objective.direction === 'minimize' ? 'lower' : 'higher');
  return [
    { name: words.trials, points: succeeded, series: 0, drawn: 'points' as const },
    { name: words.stopped, points: stopped, series: 0, drawn: 'points' as const },
    { name: words.best, points: best, series: 1, drawn: 'step' as const, silent: true },
  ].filter((line) => line.points.length > 0);
}

/** The learning curve of each trial in one metric: the best in front, ended ones behind, stopped ones with a cross. */
export function curveLines(report: TuneReport, metric: string, words: ChartWords): Line[] {
  const byShare = hasShares(report.curves);
  const states = new Map(report.trials.map((trial) => [trial.number, trial.state]));
  const curves = new Map<number, Evaluation[]>();
  for (const evaluation of report.curves) {
    if (!isNumber(evaluation.metrics[metric])) continue;
    curves.set(evaluation.number, [...(curves.get(evaluation.number) ?? []), evaluation]);
  }
  const best = report.best?.number;
  const numbers = [...curves.keys()]
    .sort((a, b) => Number(a === best) - Number(b === best) || a - b)
    .slice(-MOST_LINES);
  return numbers.map((number): Line => {
    const state = states.get(number);
    const inFront = number === best;
    return {
      id: String(number),
      name: words.trial(number),
      series: inFront ? 1 : state === 'running' ? 2 : 0,
      faint: !inFront && state !== 'running',
      labelled: inFront || state === 'running',
      end: state === 'stopped' ? 'cross' : undefined,
      points: (curves.get(number) ?? []).map(({ step, share, metrics }) => ({
        x: byShare ? (share ?? 0) : step,
        y: metrics[metric] as number,
      })),
    };
  });
}

/** Whether every evaluation tells at which part of its trial it was: then trials of different lengths lie together. */
export function hasShares(curves: readonly Evaluation[]): boolean {
  return curves.length > 0 && curves.every(({ share }) => share !== null && share !== undefined);
}

/** One axis for each parameter that varies, then the first objective; the better the trial, the stronger its line. */
export function parallelOf(report: TuneReport, words: ChartWords): { axes: ParallelAxis[]; lines: ParallelLine[] } {
  const [objective] = report.objectives;
  const trials = report.trials.filter(({ values }) => isNumber(values[0]));
  if (!objective || trials.length === 0) return { axes: [], lines: [] };
  const names = parameterNames(trials).filter((name) => new Set(trials.map(({ params }) => params[name])).size > 1);
  const axes = [
    ...names.map((name) => ({ ...parameterAxis(name, trials, report), label: words.knob(name) })),
    words.metric(objective.metric),
  ];
  const sign = objective.direction === 'minimize' ? -1 : 1;
  const order = [...trials].sort((a, b) => sign * ((a.values[0] ?? 0) - (b.values[0] ?? 0)));
  const rank = new Map(order.map((trial, place) => [trial.number, order.length < 2 ? 1 : place / (order.length - 1)]));
  const lines = trials.map((trial): ParallelLine => ({
    id: String(trial.number),
    name: words.trial(trial.number),
    values: [...names.map((name) => plain(trial.params[name])), trial.values[0] ?? null],
    weight: (rank.get(trial.number) ?? 0) ** 2,
    chosen: trial.number === report.best?.number,
  }));
  return { axes, lines };
}

function parameterAxis(name: string, trials: readonly Trial[], report: TuneReport): Omit<ParallelAxis, 'label'> {
  const values = trials.map(({ params }) => params[name]).filter((value) => value !== undefined);
  if (!values.every(isNumber)) return { categories: [...new Set(values.map(String))].sort() };
  const range = report.spec?.config?.[name];
  const isLog = typeof range === 'object' && !Array.isArray(range) && range.distribution === 'log_uniform';
  return { log: isLog && values.every((value) => value > 0), whole: values.every(Number.isInteger) };
}

function plain(value: boolean | number | string | undefined): number | string | null {
  return value === undefined ? null : typeof value === 'boolean' ? String(value) : value;
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value);
}
