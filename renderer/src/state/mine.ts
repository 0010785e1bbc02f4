/**
 * The jobs that this window asked for, with the picture that was open then (its content; null: none). Kept for the window over a reload, so
 * that a result which comes meanwhile is shown all the same.
 */
const KEY = 'attune.mine';

const mine = new Map<string, string | null>(readKept());

export function isMine(job: string): boolean {
  return mine.has(job);
}

/** The picture that was open when the job was asked for; undefined for a job of another window. */
export const openedFor = (job: string): string | null | undefined => mine.get(job);

export function rememberMine(job: string, opened: string | null): void {
  mine.set(job, opened);
  keep();
}

export function forgetMine(job: string): void {
  if (mine.delete(job)) keep();
}

function keep(): void {
  // A window that may keep nothing shows its results as long as it is not reloaded.
  try {
    sessionStorage.setItem(KEY, JSON.stringify([...mine].slice(-200)));
  } catch {}
}

function readKept(): readonly (readonly [string, string | null])[] {
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(KEY) ?? '[]');
    const isPair = (pair: unknown): pair is [string, string | null] =>
      Array.isArray(pair) && typeof pair[0] === 'string' && (pair[1] === null || typeof pair[1] === 'string');
    return Array.isArray(kept) ? kept.filter(isPair) : [];
  } catch {
    return [];
  }
}
