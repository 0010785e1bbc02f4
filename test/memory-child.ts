import { readFileSync } from 'node:fs';
import { createOnnxRuntime } from '../native/runtime.ts';

/**
 * The measured process of memory.test.ts. Arguments: a model to warm up on, the model to measure, the extents of their input `x`,
 * how weights are treated.
 * Sends its private memory in bytes after warming up and after loading, then runs the model once and sends the first result.
 */
const [warmUp = '', measured = '', extents = '', treatment] = process.argv.slice(2);
const weights = treatment === 'private' ? 'private' : 'mapped';
const dims = extents.split(',').map(Number);
const values = Float32Array.from({ length: dims.reduce((a, b) => a * b) }, (_, i) => Math.sin(i));
const runtime = createOnnxRuntime({ threads: 2 });

async function open(file: string): Promise<() => Promise<number>> {
  const session = await runtime.createSession({ bytes: readFileSync(file), weightsRoot: '/' }, { weights });
  return async () => {
    const { y } = await session.run({ x: { dtype: 'float32', dims, data: values } });
    if (y?.dtype !== 'float32') throw new Error('the model has no output y');
    return y.data[0] ?? Number.NaN;
  };
}

function privateBytes(): number {
  const line = /^RssAnon:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'));
  return Number(line?.[1]) * 1024;
}

await (await open(warmUp))();
process.send?.({ base: privateBytes() });
const run = await open(measured);
process.send?.({ loaded: privateBytes() });
process.send?.({ result: await run() });
process.disconnect();
