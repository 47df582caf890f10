import type { MessageKey } from '../../i18n/keys';
import { isolate, type Speaker } from './wording';

/* What the server says of a run in English, and the texts that say the same; what is not known here stays as it is. */
const PHASES: readonly (readonly [RegExp, MessageKey])[] = [
  [/^opening (?<name>.+)$/, 'comparison.phase.opening'],
  [/^judging (?<name>.+)$/, 'comparison.phase.judging'],
  [/^timing in turn, (?<batch>\d+) x (?<length>\d+)$/, 'comparison.phase.timing'],
  [/^measuring the memory of (?<name>.+)$/, 'comparison.phase.memory'],
  [/^waiting for another search/, 'comparison.phase.waiting'],
  [/^setting the test rows apart/, 'comparison.phase.apart'],
  [/^measuring the original/, 'comparison.phase.original'],
  [/^looking for what the model misses most/, 'comparison.phase.sensing'],
  [/^candidate (?<number>\d+): /, 'comparison.phase.candidate'],
  [/^candidate (?<number>\d+), in earnest: /, 'comparison.phase.earnest'],
  [/^confirming the chosen model/, 'comparison.phase.confirming'],
  [/^writing the chosen model/, 'comparison.phase.writing'],
  [/^comparing the chosen model/, 'comparison.phase.comparing'],
];

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

/** What a run does now. */
export function phaseText(message: string, speaker: Speaker): string {
  return say(PHASES, message, speaker);
}

/** Why a candidate is not judged. */
export function reasonText(reason: string, speaker: Speaker): string {
  return say(REASONS, reason, speaker);
}

function say(known: typeof PHASES, said: string, speaker: Speaker): string {
  for (const [form, key] of known) {
    const found = form.exec(said);
    if (!found) continue;
    const { name, number, batch, length } = found.groups ?? {};
    return speaker.text(key, {
      name: isolate(name ?? ''),
      // Candidates count from 0 in reasons and in the tables, from 1 in what is said of the progress.
      number: known === PHASES ? Number(number) : Number(number) + 1,
      batch: Number(batch),
      length: Number(length),
    });
  }
  return said;
}
