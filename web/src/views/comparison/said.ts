import type { MessageKey } from '../../i18n/keys';
import type { Speaker } from './wording';

/* Why the server has not judged a candidate, in English, and the texts that say the same; what is not known stays. */
const REASONS: readonly (readonly [RegExp, MessageKey])[] = [
  [/^others promise more$/, 'comparison.reason.others'],
  [/^its training would not end in time$/, 'comparison.reason.late'],
  [/^it is worse in everything than another, on a slice$/, 'comparison.reason.beaten'],
  [/^it is beyond the limit of latency\b/, 'comparison.reason.limit.latency'],
  [/^it is beyond the limit of size\b/, 'comparison.reason.limit.size'],
  [/^another within the limits has less latency already$/, 'comparison.reason.slower'],
  [/^another within the limits has less size already$/, 'comparison.reason.larger'],
  [/^candidate (?<number>\d+) cuts less and lost too much already$/, 'comparison.reason.milder'],
  [/^the same as (?<number>\d+)$/, 'comparison.reason.same'],
  [/^nothing is done to the model$/, 'comparison.reason.nothing'],
  [/^the time was over$/, 'comparison.reason.time'],
];

/** Why a candidate is not judged. */
export function reasonText(reason: string, speaker: Speaker): string {
  for (const [form, key] of REASONS) {
    const found = form.exec(reason);
    if (found) return speaker.text(key, { number: Number(found.groups?.['number']) + 1 }); // tables count from 1
  }
  return reason;
}
