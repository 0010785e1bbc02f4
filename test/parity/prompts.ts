import type { FixtureArray } from './types.ts';

/** Prompts that were encoded elsewhere: embeddings [batch, tokens, width], and pooled vectors [batch, width] where the network reads them. */
export function conditions(embeddings: FixtureArray, pooled: FixtureArray | undefined) {
  const [count = 0, tokenCount = 0, width = 0] = embeddings.shape;
  const [embeds, vectors] = [Float32Array.from(embeddings.data), Float32Array.from(pooled?.data ?? [])];
  const pooledWidth = vectors.length / count;
  return Array.from({ length: count }, (_, i) => ({
    prompt: '',
    weights: [],
    warnings: [],
    unknown: [],
    blocks: [],
    promptEmbeds: embeds.subarray(i * tokenCount * width, (i + 1) * tokenCount * width),
    tokenCount,
    inputs: pooled === undefined ? {} : { pooled: vectors.subarray(i * pooledWidth, (i + 1) * pooledWidth) },
  }));
}

/** Arrays one behind the other. */
export function joined(parts: readonly Float32Array[]): Float32Array {
  const out = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let end = 0;
  for (const part of parts) {
    out.set(part, end);
    end += part.length;
  }
  return out;
}
