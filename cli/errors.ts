import type { UserError } from '../contract/index.ts';
import { AttuneError, asOutOfMemory } from '../engine/index.ts';
import { asFileFailure } from '../native/files.ts';
import { missingPart } from '../native/parts.ts';
import { ToldError } from '../service/explain.ts';
import type { Grammar } from './options.ts';
import { UsageError } from './usage.ts';

export { UsageError } from './usage.ts';

export const EXIT = { ok: 0, failed: 1, usage: 2, cancelled: 130 } as const;

/** Options that change what an error's field names; a command may have one of them. */
const OPTIONS: Readonly<Record<string, readonly string[]>> = {
  prompt: ['to', 'prompt'],
  segments: ['prompt'],
  sourcePrompt: ['from'],
  negative: ['negative'],
  mask: ['mask'],
  method: ['method'],
  checkpoint: ['model'],
  size: ['size'],
  region: ['region'],
  megapixels: ['megapixels'],
  frames: ['frames', 'segment-frames'],
  startFrame: ['start-frame'],
  fps: ['fps'],
  steps: ['steps'],
  guidance: ['guidance'],
  overlap: ['overlap'],
  word: ['word'],
  threshold: ['threshold'],
  base: ['base-path'],
  scale: ['scale'],
  network: ['model'],
  overwrite: ['force'],
  resume: ['resume'],
  encoding: ['encoding'],
};
/** Commands that take what another one has no place for. */
const ELSEWHERE: Readonly<Record<string, string>> = { source: 'attune edit', mask: 'attune inpaint' };

/**
 * Any thrown value as what the user is told. Only our own error classes carry sentences; the rest is a defect of ours. The engine's sentences
 * name no options: those of `grammar` that mend the error are added here.
 */
export function toUserError(error: unknown, grammar?: Pick<Grammar, 'arguments' | 'options'>): UserError {
  if (error instanceof UsageError) return { kind: 'usage', message: error.message };
  if (error instanceof ToldError) return error.error;
  if (error instanceof AttuneError) {
    const { kind, message, where } = error;
    const hasPlace = Object.keys(where).length > 0;
    return { kind, message: withWay(message, where.field, grammar), ...(hasPlace && { where }) };
  }
  const missing = missingPart(error);
  if (missing !== undefined) return { kind: 'runtime-failed', message: missing };
  const failure = asOutOfMemory(error) ?? asFileFailure(error);
  if (failure !== undefined) return toUserError(failure, grammar);
  const what = error instanceof Error ? error.message : String(error);
  return {
    kind: 'internal',
    message: `Something went wrong inside Attune: ${what}. Set ATTUNE_DEBUG=1 to see where, and please report it.`,
  };
}

/** The sentence with the option that changes the field, or the command that takes it. */
function withWay(
  message: string,
  field: string | undefined,
  grammar: Pick<Grammar, 'arguments' | 'options'> | undefined,
): string {
  if (field === undefined || grammar === undefined) return message;
  const names = OPTIONS[field] ?? [];
  const option = names.map((name) => grammar.options.find((spec) => spec.name === name)).find(Boolean);
  const elsewhere = grammar.arguments.length === 0 ? ELSEWHERE[field] : undefined;
  const way = option ? `--${option.name} ${option.value ?? ''}`.trim() : elsewhere && `see "${elsewhere}"`;
  return way === undefined || message.includes(way) ? message : `${message.replace(/[.]$/, '')} (${way}).`;
}

export function exitCodeOf({ kind }: UserError): number {
  if (kind === 'cancelled') return EXIT.cancelled;
  return kind === 'usage' || kind === 'request-invalid' ? EXIT.usage : EXIT.failed;
}
