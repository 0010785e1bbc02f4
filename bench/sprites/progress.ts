/** How far a benchmark is: a bar that is drawn over on a terminal, a line from time to time in a log. */
export interface ProgressBar {
  /** `done` of `total` pieces of work; `what` is being done. */
  tell(done: number, total: number, what: string): void;
  clear(): void;
}

interface Output {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

const BAR = 24;
const LOG_EVERY_MS = 60_000;

export function openProgress(output: Output, now: () => number): ProgressBar {
  const start = now();
  let [first, spoke] = [-1, start];
  return {
    tell(done, total, what) {
      // What an earlier run had worked out says nothing about the time that is left.
      if (first < 0) first = done;
      const ahead = done > first ? ((now() - start) / (done - first)) * (total - done) : undefined;
      const left = ahead === undefined ? '' : `, ${timeLeft(ahead)} left`;
      const filled = Math.round((BAR * done) / Math.max(1, total));
      const text = `[${'#'.repeat(filled)}${'.'.repeat(BAR - filled)}] ${done}/${total}  ${what}${left}`;
      if (output.isTTY === true) output.write(`\r\u001b[2K${text}`);
      else if (now() - spoke > LOG_EVERY_MS) {
        output.write(`${text}\n`);
        spoke = now();
      }
    },
    clear: () => {
      if (output.isTTY === true) output.write('\r\u001b[2K');
    },
  };
}

function timeLeft(ms: number): string {
  const minutes = Math.round(ms / 60_000);
  return minutes === 0 ? 'less than a minute' : `${minutes} min`;
}
