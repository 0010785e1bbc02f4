import { fork } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** What a measured process told, and what was seen of it from outside. */
export interface ChildReport {
  /** Everything it sent, in order. */
  readonly messages: readonly unknown[];
  /** Seconds from the start of the process to its first message. */
  readonly firstMessage: number;
  /** Most private memory after the first message, in bytes; NaN where the system does not tell (it does on Linux). */
  readonly peakPrivate: number;
}

/**
 * Runs a module in a process of its own. A run of the runtime blocks the process it happens in, so its memory is watched from here,
 * every 3 ms. Throws if the process fails.
 */
export async function runChild(module: URL, args: readonly string[]): Promise<ChildReport> {
  const start = performance.now();
  const child = fork(module, [...args], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const messages: unknown[] = [];
  let firstMessage = Number.NaN;
  let peakPrivate = Number.NaN;
  child.on('message', (message) => {
    if (messages.length === 0) firstMessage = (performance.now() - start) / 1000;
    messages.push(message);
  });
  const watch = setInterval(() => {
    const bytes = privateBytes(child.pid);
    if (messages.length > 0 && !Number.isNaN(bytes))
      peakPrivate = Math.max(Number.isNaN(peakPrivate) ? 0 : peakPrivate, bytes);
  }, 3);
  const code = await new Promise((resolve) => child.once('exit', resolve));
  clearInterval(watch);
  if (code !== 0) throw new Error(`the measured process ${module.pathname} ended with ${code}`);
  return { messages, firstMessage, peakPrivate };
}

/** Memory of a process that no file backs. NaN where there is no /proc, or no such process any more. */
export function privateBytes(pid: number | 'self' = 'self'): number {
  try {
    const line = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
    return Number(line?.[1]) * 1024;
  } catch {
    return Number.NaN;
  }
}

/** Whether private memory can be told from mapped files here. */
export const seesPrivateMemory = !Number.isNaN(privateBytes());

/** For a measured process: tells the parent, and waits until it has been told. */
export async function tell(message: unknown): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    if (process.send === undefined) reject(new Error('this module is started by a benchmark, not by hand'));
    else process.send(message, (error: Error | null) => (error === null ? resolve() : reject(error)));
  });
}
