import { isRunning } from '../native/files.ts';

const LOOK_MS = 500;

/** Calls back when the launcher that stands for this process has been killed; `ATTUNE_LAUNCHER` is its number. */
export function whenLauncherIsKilled({ ATTUNE_LAUNCHER }: NodeJS.ProcessEnv, listener: () => void): void {
  const { ppid } = process;
  // Programs that a command starts inherit its environment: theirs is another.
  if (ATTUNE_LAUNCHER !== String(ppid)) return;
  const timer = setInterval(() => {
    // An orphan gets another parent at once, while the old one may stay in the list of processes; Windows leaves it the old number.
    if (process.ppid === ppid && isRunning(ppid)) return;
    clearInterval(timer);
    listener();
  }, LOOK_MS);
  timer.unref();
}
