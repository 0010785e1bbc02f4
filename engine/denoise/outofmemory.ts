import type { Size } from '../../contract/index.ts';
import { isOutOfMemory } from '../base/allocation.ts';
import { AttuneError } from '../base/errors.ts';
import type { MemoryPart, MemoryPlan } from './memory.ts';

/** What is made: memory grows with it in some stages, and not in others. */
export interface MadeSize extends Size {
  /** 1 of a picture. */
  readonly frames: number;
}

/** A job that is planned to need more than is free, as 'memory-exceeded'. */
export function tooLarge(memory: MemoryPlan, size: MadeSize, freeBytes: number): AttuneError {
  const most = memory.parts.reduce((a, b) => (b.peakBytes > a.peakBytes ? b : a));
  const needs = `This job needs about ${inGigabytes(memory.peakBytes)} of memory, most of it for ${nameOf(most.component)}, and ${inGigabytes(freeBytes)} are free.`;
  return memory.leastBytes <= freeBytes
    ? failure(`${needs} ${smaller(size)}`, 'size')
    : failure(`${needs} No smaller size helps: any needs ${inGigabytes(memory.leastBytes)}. ${OTHER}`, 'checkpoint');
}

/** Anything thrown where memory ran out, as 'memory-exceeded'; undefined for an error of another kind. */
export function asOutOfMemory(error: unknown): AttuneError | undefined {
  return isOutOfMemory(error) ? ranOut({}, undefined, error) : undefined;
}

/** What is known of a job whose memory ran out. */
export interface RanOut {
  /** Component that was loaded or run, e.g. `text_encoder_2`; absent: not known. */
  readonly network?: string | undefined;
  /** What the job was planned to need; absent: it was not planned yet. */
  readonly memory?: MemoryPlan | undefined;
  readonly size?: MadeSize | undefined;
}

/**
 * Memory that ran out while a job ran, as 'memory-exceeded': what took it, and what helps there.
 * @param how a sentence that says how it showed, where it was not an error of the network's own
 */
export function ranOut({ network, memory, size }: RanOut, how?: string, cause?: unknown): AttuneError {
  if (network === undefined) return failure(`${how ?? 'Memory ran out.'} ${OTHER}`, 'checkpoint', cause);
  const where = how === undefined ? `Memory ran out in ${nameOf(network)}` : `${how} It was running ${nameOf(network)}`;
  const part = memory?.parts.filter(({ component }) => component === network).reduce(larger, undefined);
  if (part === undefined || size === undefined) return failure(`${where}. ${OTHER}`, 'checkpoint', cause);
  const needs = `${where}, which needs about ${inGigabytes(part.ownBytes)}`;
  return part.sizedBytes > part.ownBytes / 2
    ? failure(`${needs} at ${sizeText(size)}. ${smaller(size)}`, 'size', cause)
    : failure(`${needs} whatever the size. ${OTHER}`, 'checkpoint', cause);
}

const larger = (a: MemoryPart | undefined, b: MemoryPart): MemoryPart =>
  a === undefined || b.ownBytes > a.ownBytes ? b : a;

const OTHER = 'Close other programs, or choose a checkpoint that is smaller or stored in fewer bits.';

const smaller = (size: MadeSize) =>
  `Ask for a smaller size than ${sizeText(size)}${size.frames > 1 ? ' or fewer frames' : ''}, or close other programs.`;

const sizeText = ({ width, height }: Size) => `${width}x${height}`;

function nameOf(component: string): string {
  if (component === 'vae') return 'the VAE';
  return component.startsWith('text_encoder') ? `the text encoder ${component}` : `the ${component}`;
}

/** @param field what of the request a front end can change */
function failure(message: string, field: 'size' | 'checkpoint', cause?: unknown): AttuneError {
  return new AttuneError('memory-exceeded', message, { field }, cause);
}

const inGigabytes = (bytes: number) => `${(bytes / 1e9).toFixed(bytes < 1e9 ? 2 : 1)} GB`;
