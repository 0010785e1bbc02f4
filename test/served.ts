import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** Programs of the command line that serve, as a user starts them. */

export interface Served {
  /** The printed address, which lets one browser in. */
  readonly url: string;
  readonly pid: number;
  /** Its folders, as the environment of other programs. */
  readonly env: NodeJS.ProcessEnv;
  /** Another address, as `attune serve --address` prints it. */
  address(): Promise<string>;
  /** Resolves when the process itself has ended. */
  readonly ended: Promise<unknown>;
  /** As Ctrl-C does. */
  stop(): Promise<{ readonly code: number | null; readonly out: string; readonly err: string }>;
  /** As a power cut does. */
  kill(): Promise<void>;
}

export const ROOT = join(import.meta.dirname, '..');
export const ATTUNE = join(ROOT, 'cli', 'attune.mjs');
const running: ChildProcess[] = [];

/** For the end of a test file. */
export function killServed(): void {
  for (const child of running) child.kill('SIGKILL');
}

/** Starts a program on folders of its own below `folder` and waits until it says where it is. */
export async function serveIn(
  folder: string,
  args: readonly string[],
  change: NodeJS.ProcessEnv = {},
): Promise<Served> {
  const own = (kind: string) => join(folder, kind);
  const env = {
    ...process.env,
    XDG_CONFIG_HOME: own('config'),
    XDG_DATA_HOME: own('data'),
    XDG_CACHE_HOME: own('cache'),
    XDG_STATE_HOME: own('state'),
    HF_HUB_CACHE: own('hub'),
    ...change,
  };
  const child = spawn(process.execPath, [...args, '--port', '0'], {
    cwd: ROOT,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.push(child);
  let [out, err] = ['', ''];
  const exited = new Promise((resolve) => child.once('exit', resolve));
  const ended = new Promise<number | null>((resolve) => child.once('close', (code) => resolve(code)));
  const url = await new Promise<string>((resolve, reject) => {
    const look = () => {
      const [, found] = /Attune is at (\S+)/.exec(out + err) ?? [];
      if (found !== undefined) resolve(found);
    };
    child.stdout.on('data', (part: Buffer) => {
      out += part.toString();
      look();
    });
    child.stderr.on('data', (part: Buffer) => {
      err += part.toString();
      look();
    });
    ended.then(() => reject(new Error(`ended: ${out}${err}`)));
  });
  return {
    url,
    pid: child.pid ?? 0,
    env,
    ended: exited,
    async address() {
      const { stdout } = await promisify(execFile)(process.execPath, [ATTUNE, 'serve', '--address'], { env });
      return /Attune is at (\S+)/.exec(stdout)?.[1] ?? '';
    },
    async stop() {
      child.kill('SIGINT');
      return { code: await ended, out, err };
    },
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
