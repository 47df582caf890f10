import type { Job, QuantizeSpec } from '../../api/types';
import { isBetter, metricName, metricValue } from '../../i18n/metrics';
import type { Translator } from '../../i18n/translator';
import type { Measure } from '../results/before-after';
import { judgeSpeed, type Outcome } from '../results/headline';
import type { Estimate, QuantizeReport } from '../results/reports';
import type { Figure } from '../results/result-element';
import { ratio, signedChange } from '../results/wording';

export function quantizeOutcome(report: QuantizeReport): Outcome {
  const change = report.quality?.change[report.quality.metric];
  return {
    size: report.bytesBefore / report.bytesAfter,
    speedups: report.speed.map(({ speedup }) => speedup),
    change: report.quality && change ? { ...change, metric: report.quality.metric } : null,
  };
}

export function quantizeFigures(
  report: QuantizeReport,
  translator: Translator,
  times: (value: string) => unknown,
): readonly Figure[] {
  const { formats } = translator;
  const { quality, speed, memoryBefore, memoryAfter } = report;
  const size = report.bytesBefore / report.bytesAfter;
  const fromTo = (before: number, after: number) =>
    translator.text('result.from-to', { before: formats.bytes(before), after: formats.bytes(after) });
  const figures: Figure[] = [
    {
      label: translator.text(size > 1 ? 'result.figure.size' : 'result.figure.disk'),
      ...(size > 1 ? { value: times(ratio(size, formats)) } : formats.bytesParts(report.bytesAfter)),
      note: fromTo(report.bytesBefore, report.bytesAfter),
    },
  ];
  const typical = middle(report.speed.map(({ speedup }) => speedup));
  if (typical) {
    const direction = judgeSpeed(speed.map(({ speedup }) => speedup));
    figures.push({
      label: translator.text('result.figure.speed'),
      value: times(ratio(typical.value, formats)),
      note:
        speed.length === 1
          ? translator.text('result.interval', {
              low: ratio(typical.low, formats),
              high: ratio(typical.high, formats),
              share: formats.percent(typical.confidence, 0),
            })
          : translator.text('result.speed.median', { count: speed.length }),
      tone: direction === 'better' ? 'good' : direction === 'worse' ? 'bad' : '',
    });
  }
  const change = quality?.change[quality.metric];
  const after = quality?.after[quality.metric];
  if (quality && change && after) {
    figures.push({
      label: metricName(quality.metric, translator),
      value: metricValue(quality.metric, after.value, formats),
      note: translator.text('result.change.interval', {
        value: signedChange(quality.metric, change.value, formats),
        low: signedChange(quality.metric, change.low, formats),
        high: signedChange(quality.metric, change.high, formats),
      }),
      tone: told(quality.metric, change),
    });
  }
  if (memoryBefore && memoryAfter) {
    figures.push({
      label: translator.text('result.figure.memory'),
      ...formats.bytesParts(memoryAfter.peak),
      note: translator.text('result.before.value', { before: formats.bytes(memoryBefore.peak) }),
    });
  }
  return figures;
}

/** The speed-up in the middle; of an even number the lower of the two, as it was measured. */
export function middle(speedups: readonly Estimate[]): Estimate | undefined {
  const sorted = [...speedups].sort((a, b) => a.value - b.value);
  return sorted[Math.floor((sorted.length - 1) / 2)];
}

/** Good or bad only where the whole interval is on one side of none. */
function told(metric: string, change: Estimate): 'good' | 'bad' | '' {
  if (change.low <= 0 && change.high >= 0) return '';
  return isBetter(metric, change.value) ? 'good' : 'bad';
}

export function quantizeMeasures(report: QuantizeReport, job: Job | null, translator: Translator): readonly Measure[] {
  const { formats } = translator;
  const times = (value: number) => translator.text('result.times', { times: ratio(value, formats) });
  return [
    {
      label: translator.text('result.disk'),
      before: formats.bytes(report.bytesBefore),
      after: formats.bytes(report.bytesAfter),
      sizes: [report.bytesBefore, report.bytesAfter],
      change: times(report.bytesBefore / report.bytesAfter),
    },
    {
      label: translator.text('result.folder'),
      before: null,
      after: formats.bytes(report.totalBytes),
      why: translator.text('result.folder.text'),
    },
    ...memoryMeasures(report, job, translator),
    ...qualityMeasures(report, job, translator),
  ];
}

function memoryMeasures(report: QuantizeReport, job: Job | null, translator: Translator): readonly Measure[] {
  const { formats } = translator;
  const [before, after] = [report.memoryBefore, report.memoryAfter];
  if (!before || !after) {
    const asked = (job?.spec as QuantizeSpec | undefined)?.measureMemory;
    const why = asked === false ? 'result.memory.unasked' : 'result.memory.failed';
    return [{ label: translator.text('result.memory'), before: null, after: null, why: translator.text(why) }];
  }
  const times = (value: number) => translator.text('result.times', { times: ratio(value, formats) });
  return [
    {
      label: translator.text('result.memory'),
      before: formats.bytes(before.peak),
      after: formats.bytes(after.peak),
      sizes: [before.peak, after.peak],
      change: times(before.peak / after.peak),
      why: translator.text('result.memory.base', {
        before: formats.bytes(before.base),
        after: formats.bytes(after.base),
      }),
    },
    {
      label: translator.text('result.load'),
      before: formats.duration(before.loadSeconds),
      after: formats.duration(after.loadSeconds),
      sizes: [before.loadSeconds, after.loadSeconds],
      change: times(before.loadSeconds / after.loadSeconds),
    },
  ];
}

function qualityMeasures(report: QuantizeReport, job: Job | null, translator: Translator): readonly Measure[] {
  const { formats } = translator;
  const { quality } = report;
  if (!quality) {
    const given = (job?.spec as QuantizeSpec | undefined)?.datasetPath;
    const why = given ? 'result.quality.failed' : 'result.quality.no-data';
    return [{ label: translator.text('result.quality'), before: null, after: null, why: translator.text(why) }];
  }
  const names = [...new Set([quality.metric, ...Object.keys(quality.change)])];
  return names.flatMap((name) => {
    const [before, after, change] = [quality.before[name], quality.after[name], quality.change[name]];
    if (!before || !after || !change) return [];
    const range = ({ low, high }: Estimate) =>
      translator.text('result.range', {
        low: metricValue(name, low, formats),
        high: metricValue(name, high, formats),
      });
    return {
      label: metricName(name, translator),
      before: metricValue(name, before.value, formats),
      after: metricValue(name, after.value, formats),
      change: signedChange(name, change.value, formats),
      interval: translator.text('result.range', {
        low: signedChange(name, change.low, formats),
        high: signedChange(name, change.high, formats),
      }),
      tone: told(name, change),
      why: translator.text('result.quality.ranges', { before: range(before), after: range(after) }),
    } satisfies Measure;
  });
}
