import type { Tensor } from '../engine/base/tensor.ts';
import { InferenceSession } from './onnxruntime.ts';
import { fromRuntime, toRuntime } from './tensors.ts';

export interface MeasureOptions {
  /** Encoded ONNX ModelProto without external data. */
  readonly graph: Uint8Array;
  readonly feeds: Readonly<Record<string, Tensor>>;
  /** Timed runs, after one that is not counted. */
  readonly runs: number;
}

export interface Measured {
  /** Median of the runs, milliseconds. */
  readonly ms: number;
  /** The first output. */
  readonly output: Float32Array;
}

/** Runs a graph on a provider, whether or not Attune uses it for jobs. Rejects with the runtime's own error. */
export async function measureProvider(provider: string, { graph, feeds, runs }: MeasureOptions): Promise<Measured> {
  const session = await InferenceSession.create(graph, { executionProviders: [provider], logSeverityLevel: 3 });
  try {
    const inputs = Object.fromEntries(Object.entries(feeds).map(([name, tensor]) => [name, toRuntime(tensor)]));
    const [name = ''] = session.outputNames;
    const times: number[] = [];
    let output = new Float32Array(0);
    for (let run = 0; run <= runs; run++) {
      const startMs = performance.now();
      const results = await session.run(inputs, [name]);
      if (run > 0) times.push(performance.now() - startMs);
      const value = results[name] && fromRuntime(results[name]);
      if (value?.dtype !== 'float32') throw new Error('it returned another type of number than it was asked for');
      output = Float32Array.from(value.data);
    }
    times.sort((a, b) => a - b);
    return { ms: times[Math.floor(times.length / 2)] ?? 0, output };
  } finally {
    await session.release();
  }
}
