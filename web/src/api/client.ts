import { isAboutToken, OfflineError, Problem, readProblem } from './problem';
import type {
  CompareSpec,
  CompressSpec,
  Dataset,
  DatasetDetail,
  Job,
  JobKind,
  JobList,
  JobState,
  Model,
  PluginList,
  Prediction,
  PredictSpec,
  PruneSpec,
  QuantizeSpec,
  System,
  Totals,
  TrialList,
  TuneSpec,
} from './types';

const PREFIX = '/api/optimization';

type Query = Record<string, string | number | readonly string[] | null | undefined>;
type Specs = {
  tune: TuneSpec;
  prune: PruneSpec;
  quantize: QuantizeSpec;
  compare: CompareSpec;
  compress: CompressSpec;
};

export interface Settings {
  /** Origin of the server, such as `https://host:8000`; empty for the page's own. */
  server: string;
  /** The token that is sent with every request; in a header, never in an address. */
  token: () => string | null;
  /** Called when the server wants a token, or another one. */
  refused?: (problem: Problem) => void;
}

/**
 * The HTTP API. Every method throws a `Problem` for an answer that says no, and an `OfflineError` where none came.
 */
export class Client {
  constructor(private readonly settings: Settings) {}

  totals = () => this.get<Totals>('/metrics');
  system = () => this.get<System>('/system');
  models = () => this.get<{ models: Model[] }>('/models');
  datasets = () => this.get<{ datasets: Dataset[] }>('/datasets');
  sample = (name: string, query: { split?: string; limit?: number } = {}) =>
    this.get<DatasetDetail>('/datasets/sample', { name, ...query });
  plugins = () => this.get<PluginList>('/plugins');
  predict = (spec: PredictSpec) => this.post<{ predictions: Prediction[] }>('/predict', spec);
  job = (id: string) => this.get<Job>(`/jobs/${encodeURIComponent(id)}`);
  cancel = (id: string) => this.post<Job>(`/jobs/${encodeURIComponent(id)}/cancel`, {});
  resume = (id: string) => this.post<Job>(`/jobs/${encodeURIComponent(id)}/resume`, {});
  report = <T = Record<string, unknown>>(id: string) => this.get<T>(`/jobs/${encodeURIComponent(id)}/report`);
  artifacts = (id: string) =>
    this.get<{ artifacts: { name: string; bytes: number; modified: string }[] }>(
      `/jobs/${encodeURIComponent(id)}/artifacts`,
    );

  jobs = (query: { kind?: JobKind; state?: readonly JobState[]; limit?: number; cursor?: string } = {}) =>
    this.get<JobList>('/jobs', query);

  trials = (id: string, query: { limit?: number; cursor?: string } = {}) =>
    this.get<TrialList>(`/jobs/${encodeURIComponent(id)}/trials`, query);

  /** Starts a job; sent twice with the same key it starts one. */
  start<Kind extends JobKind>(kind: Kind, spec: Specs[Kind], key: string = crypto.randomUUID()): Promise<Job> {
    const path = kind === 'tune' ? '/jobs' : `/${kind}`;
    return this.post<Job>(path, spec, { 'Idempotency-Key': key });
  }

  get<T>(path: string, query: Query = {}): Promise<T> {
    return this.json<T>(path + toQuery(query), {});
  }

  post<T>(path: string, body: unknown, headers: Record<string, string> = {}): Promise<T> {
    const given = {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { 'Content-Type': 'application/json', ...headers },
    };
    return this.json<T>(path, given);
  }

  /** Sends a request with the token and returns an answer that says yes. */
  async fetch(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    const token = this.settings.token();
    if (token) headers.set('Authorization', `Bearer ${token}`);
    let answer: Response;
    try {
      answer = await fetch(this.address(path), { ...init, headers, credentials: 'omit', cache: 'no-store' });
    } catch (error) {
      if (init.signal?.aborted) throw error;
      throw new OfflineError('the server cannot be reached', { cause: error });
    }
    if (answer.ok) return answer;
    const problem = await readProblem(answer);
    if (isAboutToken(problem)) this.settings.refused?.(problem);
    throw problem;
  }

  /** Fetches a file with the token, and hands it to the browser to be saved under a name. */
  async download(path: string, name: string): Promise<void> {
    const answer = await this.fetch(path);
    const address = URL.createObjectURL(await answer.blob());
    const link = Object.assign(document.createElement('a'), { href: address, download: name });
    link.click();
    setTimeout(() => URL.revokeObjectURL(address), 60_000);
  }

  /** Whether requests carry a token. */
  get isAuthorized(): boolean {
    return this.settings.token() !== null;
  }

  address(path: string): string {
    return this.settings.server + PREFIX + path;
  }

  private async json<T>(path: string, init: RequestInit): Promise<T> {
    return (await (await this.fetch(path, init)).json()) as T;
  }
}

function toQuery(query: Query): string {
  const parts = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === null || value === undefined) continue;
    for (const item of Array.isArray(value) ? value : [value]) parts.append(name, String(item));
  }
  const text = parts.toString();
  return text && `?${text}`;
}
