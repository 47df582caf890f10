import type { Fault } from './types';

/** An answer that is not what was asked for, as RFC 9457 problem details tell it. */
export class Problem extends Error {
  override readonly name = 'Problem';

  constructor(
    readonly status: number,
    /** The stable word at the end of the problem's type, such as `no-token`. */
    readonly code: string,
    message: string,
    /** Everything that is wrong with the body, each with the JSON path of its field. */
    readonly faults: readonly Fault[] = [],
  ) {
    super(message);
  }
}

/** No answer came: the server is away, or the network is. */
export class OfflineError extends Error {
  override readonly name = 'OfflineError';
}

/** Whether the server wants a token, another one, or has heard too many wrong ones. */
export function isAboutToken({ status, code }: Problem): boolean {
  return status === 401 || code === 'too-many-tokens';
}

/** Reads the problem out of an answer; one without a problem's body is told by its status. */
export async function readProblem(answer: Response): Promise<Problem> {
  const type = answer.headers.get('content-type') ?? '';
  if (!type.includes('json')) return new Problem(answer.status, 'http', answer.statusText || String(answer.status));
  const body = (await answer.json()) as { type?: string; title?: string; detail?: string; faults?: Partial<Fault>[] };
  const faults = (body.faults ?? []).map((fault) => ({
    message: fault.message ?? '',
    path: fault.path ?? '',
    code: fault.code ?? 'bad-value',
    hint: fault.hint ?? '',
    passing: fault.passing ?? false,
  }));
  const code = (body.type ?? '').split(':').pop() || 'http';
  return new Problem(answer.status, code, body.detail || body.title || answer.statusText, faults);
}
