import type { Job, PruneSpec } from '../../api/types';
import { isBetter, metricName, metricValue } from '../../i18n/metrics';
import type { Translator } from '../../i18n/translator';
import type { Measure } from '../results/before-after';
import { judgeSpeed, type Outcome } from '../results/headline';
import type { PruneQuality, PruneReport } from '../results/reports';
import type { Figure } from '../results/result-element';
import { ratio, signedChange } from '../results/wording';

/** The metrics of what was delivered: after the recovery where there was one. */
function finalQuality(quality: PruneQuality) {
  return quality.recovered ?? quality.after;
}

/** Before and after by one metric; null where either is not known. */
function change({ quality }: PruneReport) {
  const before = quality?.before?.[quality.metric];
  const after = quality ? finalQuality(quality)?.[quality.metric] : undefined;
  if (!quality || before === undefined || after === undefined) return null;
  return { metric: quality.metric, value: after - before, before, after };
}

export function pruneOutcome(report: PruneReport): Outcome {
  const { latency, quality } = report;
  const found = quality ? finalQuality(quality)?.[quality.metric] : undefined;
  return {
    size: report.before.bytes / report.after.bytes,
    speedups: latency ? [{ value: latency.speedup, low: latency.low, high: latency.high }] : [],
    change: change(report),
    now: quality && found !== undefined ? { metric: quality.metric, value: found } : null,
  };
}

/** The three or four figures that stand large. */
export function pruneFigures(
  report: PruneReport,
  translator: Translator,
  times: (value: string) => unknown,
): readonly Figure[] {
  const { formats } = translator;
  const { latency, quality } = report;
  const size = report.before.bytes / report.after.bytes;
  const figures: Figure[] = [
    {
      label: translator.text(size > 1 ? 'result.figure.size' : 'result.figure.disk'),
      ...(size > 1 ? { value: times(ratio(size, formats)) } : formats.bytesParts(report.after.bytes)),
      note: translator.text('result.from-to', {
        before: formats.bytes(report.before.bytes),
        after: formats.bytes(report.after.bytes),
      }),
    },
  ];
  if (report.scope !== 'none') {
    const key = report.structured ? 'result.sparsity.units' : 'result.sparsity.weights';
    figures.push({
      label: translator.text('result.figure.sparsity'),
      value: formats.percent(report.sparsity),
      note: translator.text(key, { asked: formats.percent(report.asked) }),
    });
  }
  if (latency) {
    const direction = judgeSpeed([{ value: latency.speedup, low: latency.low, high: latency.high }]);
    figures.push({
      label: translator.text('result.figure.speed'),
      value: times(ratio(latency.speedup, formats)),
      note: translator.text('result.interval', {
        low: ratio(latency.low, formats),
        high: ratio(latency.high, formats),
        share: formats.percent(latency.confidence, 0),
      }),
      tone: direction === 'better' ? 'good' : direction === 'worse' ? 'bad' : '',
    });
  }
  const found = quality ? finalQuality(quality)?.[quality.metric] : undefined;
  if (quality && found !== undefined) {
    const before = quality.before?.[quality.metric];
    figures.push({
      label: metricName(quality.metric, translator),
      value: metricValue(quality.metric, found, formats),
      note:
        before === undefined
          ? translator.text('result.before.untrained')
          : translator.text('result.before.value', { before: metricValue(quality.metric, before, formats) }),
    });
  }
  return figures;
}

/** Everything that is known before and after; what is missing says why. */
export function pruneMeasures(report: PruneReport, job: Job | null, translator: Translator): readonly Measure[] {
  const { formats } = translator;
  const { before, after } = report;
  const times = (value: number) => translator.text('result.times', { times: ratio(value, formats) });
  const measures: Measure[] = [
    {
      label: translator.text('result.disk'),
      before: formats.bytes(before.bytes),
      after: formats.bytes(after.bytes),
      sizes: [before.bytes, after.bytes],
      change: times(before.bytes / after.bytes),
    },
    count('result.parameters', before.parameters, after.parameters, translator),
    count('result.nonzero', before.nonzero, after.nonzero, translator),
  ];
  if (!report.structured && report.scope !== 'none') {
    measures.push({
      label: translator.text('result.sparse'),
      before: null,
      after: formats.bytes(report.sparseBytes),
      sizes: [before.bytes, report.sparseBytes],
      change: times(before.bytes / report.sparseBytes),
      why: translator.text(report.sparsePath ? 'result.sparse.written' : 'result.sparse.computed'),
    });
  }
  return [...measures, latencyMeasure(report, job, translator), ...qualityMeasures(report, translator)];
}

function count(
  key: 'result.parameters' | 'result.nonzero',
  before: number,
  after: number,
  translator: Translator,
): Measure {
  const { formats } = translator;
  const change = formats.number(after / before - 1, {
    style: 'percent',
    signDisplay: 'exceptZero',
    maximumFractionDigits: 1,
  });
  return {
    label: translator.text(key),
    before: formats.number(before),
    after: formats.number(after),
    sizes: [before, after],
    change,
  };
}

function latencyMeasure({ latency, notes }: PruneReport, job: Job | null, translator: Translator): Measure {
  const { formats } = translator;
  const label = translator.text('result.latency');
  if (!latency) {
    const asked = (job?.spec as PruneSpec | undefined)?.measureLatency;
    const failed = notes.some((note) => note.startsWith('The latency could not be measured'));
    const why = failed ? 'result.latency.failed' : asked === false ? 'result.latency.unasked' : 'result.latency.large';
    return { label, before: null, after: null, why: translator.text(why) };
  }
  const direction = judgeSpeed([{ value: latency.speedup, low: latency.low, high: latency.high }]);
  return {
    label,
    before: formats.milliseconds(latency.before),
    after: formats.milliseconds(latency.after),
    sizes: [latency.before, latency.after],
    change: translator.text('result.times', { times: ratio(latency.speedup, formats) }),
    interval: translator.text('result.range', {
      low: ratio(latency.low, formats),
      high: ratio(latency.high, formats),
    }),
    tone: direction === 'better' ? 'good' : direction === 'worse' ? 'bad' : '',
    why: translator.text('result.latency.shape', {
      shape: latency.inputs.map((size) => formats.number(size)).join(' × '),
      count: latency.pairs,
    }),
  };
}

function qualityMeasures({ quality, vocabulary }: PruneReport, translator: Translator): readonly Measure[] {
  const { formats } = translator;
  if (!quality) {
    const why = vocabulary ? 'result.quality.vocabulary' : 'result.quality.no-data';
    return [{ label: translator.text('result.quality'), before: null, after: null, why: translator.text(why) }];
  }
  const final = finalQuality(quality) ?? {};
  const names = [...new Set([quality.metric, ...Object.keys(final), ...Object.keys(quality.before ?? {})])];
  return names.map((name) => {
    const [before, pruned, after] = [quality.before?.[name], quality.after?.[name], final[name]];
    const changed = before !== undefined && after !== undefined ? after - before : null;
    const told = (value: number | undefined) => (value === undefined ? null : metricValue(name, value, formats));
    const between =
      name === quality.metric && quality.recovered && pruned !== undefined
        ? translator.text('result.quality.pruned', { value: metricValue(name, pruned, formats) })
        : '';
    const untrained = before === undefined && name === quality.metric ? translator.text('result.before.untrained') : '';
    return {
      label: metricName(name, translator),
      before: told(before),
      after: told(after),
      change: changed === null ? '' : signedChange(name, changed, formats),
      tone: changed === null || changed === 0 ? '' : isBetter(name, changed) ? 'good' : 'bad',
      why: between || untrained,
    } satisfies Measure;
  });
}
