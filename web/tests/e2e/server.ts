import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const SCRIPT = fileURLToPath(new URL('../serve.py', import.meta.url));
const PYTHON = process.env.PYTHON ?? 'python3';

/** A real `persopt studio` over a temporary workspace; can be ended and started again over the same jobs. */
export class StudioServer {
  url = '';
  private process: ChildProcess | null = null;

  private constructor(
    readonly home: string,
    private readonly options: readonly string[],
    private readonly variables: Readonly<Record<string, string>>,
  ) {}

  static async start(
    options: readonly string[] = [],
    variables: Readonly<Record<string, string>> = {},
  ): Promise<StudioServer> {
    const home = join(await mkdtemp(join(tmpdir(), 'persopt-studio-')), 'home');
    const server = new StudioServer(home, options, variables);
    await server.begin();
    return server;
  }

  /** Starts it; a second time at the same port. */
  async begin(): Promise<void> {
    const port = this.url ? new URL(this.url).port : '0';
    const child = spawn(PYTHON, [SCRIPT, '--home', this.home, '--port', port, ...this.options], {
      env: { ...process.env, PERSOPT_HOME: this.home, ...this.variables },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    this.process = child;
    this.url = await new Promise<string>((resolve, reject) => {
      let said = '';
      child.stderr?.setEncoding('utf8').on('data', (piece: string) => {
        said += piece;
        const address = /the studio is at (\S+?)\/\s[^]*is served/.exec(said)?.[1];
        if (address) resolve(address);
      });
      child.once('exit', (code) => reject(new Error(`the server ended with ${code}:\n${said}`)));
    });
  }

  /** Ends it as Ctrl-C does. */
  async end(): Promise<void> {
    const child = this.process;
    if (!child || child.exitCode !== null) return;
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGINT');
    await ended;
  }

  /** Ends it and removes its workspace. */
  async remove(): Promise<void> {
    await this.end();
    await rm(join(this.home, '..'), { recursive: true, force: true });
  }
}
