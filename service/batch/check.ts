import type { EditRequest, Size } from '../../contract/index.ts';
import type { Engine, MediaSizes } from '../../engine/index.ts';
import type { RequestCheck } from './expand.ts';

/**
 * Checks the requests of a table before their pictures are read, which are taken to be of the size that the checkpoint makes. Requests that
 * differ in words, seeds and pictures alone are checked once.
 */
export function requestCheck(engine: () => Engine): RequestCheck {
  const known = new Map<string, unknown>();
  return (request) => {
    const key = JSON.stringify(formOf(request));
    if (!known.has(key)) known.set(key, refusalOf(engine(), request));
    const refusal = known.get(key);
    if (refusal !== undefined) throw refusal;
  };
}

function refusalOf(engine: Engine, request: EditRequest): unknown {
  try {
    engine.plan(request, presumedSizes(engine, request));
    return undefined;
  } catch (error) {
    return error;
  }
}

function presumedSizes(engine: Engine, request: EditRequest): MediaSizes {
  const { checkpoint, source, mask, frames = 1 } = request;
  if (source === undefined && mask === undefined) return {};
  const { makes, defaults } = engine.model(checkpoint);
  const { width, height } = holding(request.region, request.size ?? defaults);
  const length = makes === 'picture' ? {} : { frames: Math.max(frames, defaults.frames) };
  return { ...(source && { source: { width, height, ...length } }), ...(mask && { mask: { width, height } }) };
}

/** A size that a region lies in, where it was given. */
function holding(region: EditRequest['region'], { width, height }: Size): Size {
  if (typeof region !== 'object') return { width, height };
  return { width: Math.max(width, region.x + region.width), height: Math.max(height, region.y + region.height) };
}

/** What of a request decides whether it can be run. */
function formOf(request: EditRequest): Readonly<Record<string, unknown>> {
  const { source, mask, sourcePrompt, negative, prompt: _prompt, seed: _seed, ...rest } = request;
  const isThere = [source, mask, sourcePrompt, negative].map((input) => input !== undefined);
  return { ...rest, isThere };
}
