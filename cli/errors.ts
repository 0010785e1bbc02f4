import type { UserError } from '../contract/index.ts';
import { AttuneError } from '../engine/index.ts';

/** A command line that cannot be understood: the user's to mend, exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export const EXIT = { ok: 0, failed: 1, usage: 2, cancelled: 130 } as const;

/** Any thrown value as what the user is told. Only our own error classes carry sentences; the rest is a defect of ours. */
export function toUserError(error: unknown): UserError {
  if (error instanceof UsageError) return { kind: 'usage', message: error.message };
  if (error instanceof AttuneError) {
    const hasPlace = Object.keys(error.where).length > 0;
    return { kind: error.kind, message: error.message, ...(hasPlace && { where: error.where }) };
  }
  const what = error instanceof Error ? error.message : String(error);
  return {
    kind: 'internal',
    message: `Something went wrong inside Attune: ${what}. Set ATTUNE_DEBUG=1 to see where, and please report it.`,
  };
}

export function exitCodeOf({ kind }: UserError): number {
  if (kind === 'cancelled') return EXIT.cancelled;
  return kind === 'usage' || kind === 'request-invalid' ? EXIT.usage : EXIT.failed;
}
