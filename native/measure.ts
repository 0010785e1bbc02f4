import type { ProviderFigure } from '../contract/index.ts';
import { AttuneError } from '../engine/base/errors.ts';
import type { Tensor } from '../engine/base/tensor.ts';
import type { EncodedModel, RuntimeSession, TensorRuntime } from '../engine/ports.ts';
import { listProviders } from './providers.ts';
import { createOnnxRuntime, type OnnxRuntimeOptions, runtimeOn } from './runtime.ts';

/** A small graph with its inputs, built by whoever knows networks; its outputs are float32. */
export interface Probe {
  readonly model: EncodedModel;
  readonly feeds: Readonly<Record<string, Tensor>>;
}

/**
 * Largest difference to the CPU, relative to the largest value of an output, at which a provider is used. Float32 arithmetic in another
 * order differs by about 1e-6 here; a wrong kernel by .1 and more.
 */
const WORST_ERROR = 1e-3;

const RUNS = 5;

/** Every provider that the installed runtime names, measured on the probe; one that cannot run it says why in `note`. */
export async function measureProviders(probe: Probe): Promise<readonly ProviderFigure[]> {
  const expected = await outputsOf(runtimeOn('cpu'), probe);
  const figures: ProviderFigure[] = [];
  for (const { name, bundled } of listProviders()) figures.push(await measure(name, bundled, probe, expected));
  return figures;
}

/**
 * The engine's tensor runtime on a provider that has shown, on the probe, that it computes what the CPU does.
 * @throws AttuneError 'runtime-failed' with the reason where it cannot be used; it is never replaced by another
 */
export async function openRuntime(probe: () => Probe, options: OnnxRuntimeOptions = {}): Promise<TensorRuntime> {
  const { provider = 'cpu' } = options;
  const known = listProviders().find(({ name }) => name === provider);
  if (provider === 'cpu' || known === undefined) return createOnnxRuntime(options);
  const asked = probe();
  const figure = await measure(provider, known.bundled, asked, await outputsOf(runtimeOn('cpu'), asked));
  if (figure.isUsable) return runtimeOn(provider, options);
  throw new AttuneError('runtime-failed', figure.note ?? `The provider ${provider} cannot be used here.`, {
    field: 'provider',
  });
}

type Outputs = Readonly<Record<string, Tensor>>;

async function measure(name: string, isBundled: boolean, probe: Probe, expected: Outputs): Promise<ProviderFigure> {
  let session: RuntimeSession | undefined;
  try {
    session = await runtimeOn(name, { isStrict: name !== 'cpu' }).createSession(probe.model, { weights: 'private' });
    const outputs = await session.run(probe.feeds);
    const times: number[] = [];
    for (let run = 0; run < RUNS; run++) {
      const startMs = performance.now();
      await session.run(probe.feeds);
      times.push(performance.now() - startMs);
    }
    const ms = times.sort((a, b) => a - b)[Math.floor(RUNS / 2)] ?? 0;
    const { output, error } = worst(outputs, expected);
    const isUsable = error <= WORST_ERROR;
    const note = `The provider ${name} computes something else than the CPU (${output}: ${asShare(error)} off, at most ${asShare(WORST_ERROR)} is right), so it is not used; a newer driver may be.`;
    // JSON knows no infinity: what is not a number at all has no figure.
    const worstError = Number.isFinite(error) ? { worstError: error } : {};
    return { name, isBundled, isUsable, ms, ...worstError, ...(isUsable ? {} : { note }) };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const way = isBundled ? 'a device and its driver are needed' : 'its libraries have to be installed first';
    return { name, isBundled, isUsable: false, note: `The provider ${name} cannot run here; ${way}. ${short(reason)}` };
  } finally {
    await session?.release();
  }
}

async function outputsOf(runtime: TensorRuntime, { model, feeds }: Probe): Promise<Outputs> {
  const session = await runtime.createSession(model, { weights: 'private' });
  try {
    return await session.run(feeds);
  } finally {
    await session.release();
  }
}

/** The output that is furthest off: its largest difference over its largest expected value; infinite where a value is no number. */
function worst(outputs: Outputs, expected: Outputs): { readonly output: string; readonly error: number } {
  let found = { output: '', error: 0 };
  for (const [output, { data }] of Object.entries(expected)) {
    const got = outputs[output]?.data;
    let [difference, largest] = [0, 0];
    for (let i = 0; i < data.length; i++) {
      const off = Math.abs(Number(got?.[i] ?? Number.NaN) - Number(data[i]));
      difference = Number.isNaN(off) ? Number.POSITIVE_INFINITY : Math.max(difference, off);
      largest = Math.max(largest, Math.abs(Number(data[i])));
    }
    const error = difference / Math.max(largest, 1e-30);
    if (error > found.error) found = { output, error };
  }
  return found;
}

const asShare = (value: number) => value.toExponential(1);

/** The first line of what the runtime says, without its source places. */
function short(reason: string): string {
  const [line = ''] = reason.split('\n');
  const said = line.replace(/\S*\/onnxruntime_src\/.*$/, '').replace(/[:\s]+$/, '');
  return said.length > 200 ? `${said.slice(0, 200)}...` : said;
}
