import { readdirSync, readFileSync } from 'node:fs';

/** What Linux tells of a process; nothing on other systems. */

/** Resident memory of a process in bytes; what several share is divided among them. */
export function residentBytes(pid: number): number | undefined {
  const [, kilobytes] = /^Pss:\s+(\d+) kB$/m.exec(readProcess(pid, 'smaps_rollup')) ?? [];
  return kilobytes === undefined ? undefined : 1024 * Number(kilobytes);
}

/** The process that runs networks is the server's only child. */
export function runnerOf(pid: number): number | undefined {
  const [first] = childrenOf(pid);
  return first === undefined ? undefined : Number(first);
}

/** Processes that a process has started and that are still there. */
export const childrenOf = (pid: number): readonly string[] =>
  readProcess(pid, `task/${pid}/children`).split(' ').filter(Boolean);

/** Files, pipes and sockets that a process has open. */
export function openFiles(pid: number): number | undefined {
  try {
    return readdirSync(`/proc/${pid}/fd`).length;
  } catch {
    return undefined;
  }
}

function readProcess(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}
