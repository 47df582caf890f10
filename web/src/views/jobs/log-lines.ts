/** A line of a log: a record of the job's own log, or what a trial's program wrote. */
export interface LogLine {
  /** Counts all lines, those that were let go too. */
  number: number;
  time: string | null;
  /** In lower case: `info`, `warning`, `error`; empty for what a program wrote. */
  level: string;
  text: string;
}

/** Reads a line: JSON as persopt logs, everything else as it is. */
export function readLine(line: string, number: number): LogLine {
  if (line.startsWith('{')) {
    try {
      const record = JSON.parse(line) as Record<string, unknown>;
      if (typeof record['message'] === 'string') {
        const trace = typeof record['traceback'] === 'string' ? `\n${record['traceback']}` : '';
        return {
          number,
          time: typeof record['time'] === 'string' ? record['time'] : null,
          level: String(record['level'] ?? '').toLowerCase(),
          text: record['message'] + trace,
        };
      }
    } catch {
      // a program may begin a line with a brace
    }
  }
  return { number, time: null, level: '', text: line };
}

/** The last lines of a log, as many as a page can bear. */
export class LogLines {
  private readonly kept: LogLine[] = [];
  private count = 0;

  constructor(private readonly most = 2000) {}

  add(line: string): void {
    this.kept.push(readLine(line, this.count++));
    if (this.kept.length > this.most * 1.25) this.kept.splice(0, this.kept.length - this.most);
  }

  /** How many lines were let go. */
  get dropped(): number {
    return this.count - this.kept.length;
  }

  get total(): number {
    return this.count;
  }

  /** Lines that hold all words. */
  find(words: string): readonly LogLine[] {
    const wanted = words.toLocaleLowerCase().split(/\s+/).filter(Boolean);
    if (wanted.length === 0) return [...this.kept];
    return this.kept.filter(({ text, level }) => {
      const line = `${level} ${text}`.toLocaleLowerCase();
      return wanted.every((word) => line.includes(word));
    });
  }
}
