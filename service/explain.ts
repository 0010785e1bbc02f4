import type { UserError } from '../contract/index.ts';
import { AttuneError, asOutOfMemory } from '../engine/index.ts';
import { asFileFailure } from '../native/files.ts';
import { missingPart } from '../native/parts.ts';

/** A failure that was explained elsewhere: in the runner, or a row of the queue. */
export class ToldError extends Error {
  override readonly name = 'ToldError';
  readonly error: UserError;

  constructor(error: UserError) {
    super(error.message);
    this.error = error;
  }
}

/** Any thrown value as what the user is told. Only our own error classes carry sentences; the rest is a defect of ours. */
export function explain(error: unknown): UserError {
  if (error instanceof ToldError) return error.error;
  if (error instanceof AttuneError) {
    const hasPlace = Object.keys(error.where).length > 0;
    return { kind: error.kind, message: error.message, ...(hasPlace && { where: error.where }) };
  }
  const missing = missingPart(error);
  if (missing !== undefined) return { kind: 'runtime-failed', message: missing };
  const failure = asOutOfMemory(error) ?? asFileFailure(error);
  if (failure !== undefined) return explain(failure);
  const what = error instanceof Error ? error.message : String(error);
  return { kind: 'internal', message: `Something went wrong inside Attune: ${what}. Please report it.` };
}
