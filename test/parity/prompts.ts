import type { FixtureArray } from './types.ts';

/** Prompts that were encoded elsewhere: embeddings [pictures, tokens, width] and pooled vectors [pictures, width]. */
export function conditions(embeddings: FixtureArray, pooled: FixtureArray) {
  const [count = 0, tokenCount = 0, width = 0] = embeddings.shape;
  const [text, vectors] = [Float32Array.from(embeddings.data), Float32Array.from(pooled.data)];
  const pooledWidth = pooled.shape[1] ?? 0;
  return Array.from({ length: count }, (_, i) => ({
    prompt: '',
    weights: [],
    warnings: [],
    unknown: [],
    blocks: [],
    text: text.subarray(i * tokenCount * width, (i + 1) * tokenCount * width),
    tokenCount,
    pooled: vectors.subarray(i * pooledWidth, (i + 1) * pooledWidth),
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
