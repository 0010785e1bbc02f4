import { isOutOfMemory } from '../engine/base/allocation.ts';
import { AttuneError } from '../engine/base/errors.ts';
import type { Tensor } from '../engine/base/tensor.ts';
import type { EncodedModel, RuntimeSession, SessionOptions, TensorRuntime } from '../engine/ports.ts';
import { env, InferenceSession } from './onnxruntime.ts';
import { listProviders } from './providers.ts';
import { describeTensor, fromRuntime, toRuntime } from './tensors.ts';

export interface OnnxRuntimeOptions {
  /** Who computes; default `cpu`. A provider that is not there is an error, never replaced by another. */
  readonly provider?: string;
  /** Threads within one operator; default: what the runtime makes of the machine (one per physical core). */
  readonly threads?: number;
}

/** The engine's tensor runtime on onnxruntime-node. Throws AttuneError 'runtime-failed' if the provider cannot be used. */
export function createOnnxRuntime(options: OnnxRuntimeOptions = {}): TensorRuntime {
  const { provider = 'cpu', threads } = options;
  const usable = listProviders()
    .filter((known) => known.usable)
    .map(({ name }) => name);
  if (!usable.includes(provider))
    throw failure(`The provider "${provider}" cannot be used here; choose one of: ${usable.join(', ')}.`);
  if (threads !== undefined && !(Number.isInteger(threads) && threads >= 1))
    throw failure(`The runtime cannot use ${threads} threads; give a whole number from 1 on.`);
  return runtimeOn(provider, options);
}

/** `isStrict`: a graph of which the provider cannot run a node is refused; otherwise such nodes are run by the CPU. */
type UncheckedOptions = Omit<OnnxRuntimeOptions, 'provider'> & { readonly isStrict?: boolean };

/** The runtime on any provider that the package knows, without asking whether it computes what it should; see `measure.ts`. */
export function runtimeOn(provider: string, { threads, isStrict = false }: UncheckedOptions = {}): TensorRuntime {
  return {
    provider,
    version: `onnxruntime-node ${env.versions.node}`,
    async createSession(model, sessionOptions) {
      const session = await InferenceSession.create(model.bytes, {
        executionProviders: [provider],
        ...(threads === undefined ? {} : { intraOpNumThreads: threads }),
        ...weightOptions(model, sessionOptions, isStrict ? { disable_cpu_ep_fallback: '1' } : {}),
        // Errors only: they reach the caller as exceptions as well, and the rest is advice to the graph's author.
        logSeverityLevel: 3,
      }).catch((cause: unknown) => {
        throw failure(`The runtime could not load the network: ${reason(cause)}`, cause);
      });
      return wrap(session);
    },
  };
}

const COPYING_OPTIMIZERS = ['ConstantFolding', 'FuseFp16InitializerToFp32NodeTransformer', 'NchwcTransformer'];

/**
 * What keeps weights in the user's files. `model_external_initializers_file_folder_path` is what external locations are relative
 * to, and must hold the files after links are resolved: only the root does for any set of folders.
 *
 * `mapped` leaves out all that would copy weights: prepacking (a packed second copy for every Gemm), folding of the Casts that
 * widen 16-bit weights (a float32 copy of everything), the blocked layout for convolutions (measured: 2.2 times their weights, for
 * 15 % of their time), and memory patterns, which reserve room for all widened weights at once.
 *
 * Memory patterns are off for `private` too: the second run then takes one block of its own beside what the first run has left in the
 * arena. Measured on SD3's decoder at 256 x 256 pixels: 485 instead of 316 MiB, and not faster.
 */
function weightOptions(
  { weightsRoot }: EncodedModel,
  { weights, arena = true }: SessionOptions,
  more: Readonly<Record<string, string>>,
): InferenceSession.SessionOptions {
  const files = { ...more, model_external_initializers_file_folder_path: weightsRoot };
  const memory = { enableMemPattern: false, enableCpuMemArena: arena };
  if (weights === 'private') return { ...memory, extra: { session: files } };
  return {
    ...memory,
    extra: {
      session: { ...files, disable_prepacking: '1' },
      optimization: { disable_specified_optimizers: COPYING_OPTIMIZERS.join(';') },
    },
  };
}

function wrap(session: InferenceSession): RuntimeSession {
  return {
    inputNames: session.inputNames,
    outputNames: session.outputNames,
    async run(feeds, fetches = session.outputNames) {
      const inputs = Object.entries(feeds).map(([name, tensor]) => [name, convert(name, tensor)] as const);
      const results = await session.run(Object.fromEntries(inputs), fetches).catch((cause: unknown) => {
        const given = Object.entries(feeds).map(([name, tensor]) => `${name} ${describeTensor(tensor)}`);
        throw failure(`The network failed to run (${given.join(', ')}): ${reason(cause)}`, cause);
      });
      const outputs: Record<string, Tensor> = {};
      for (const [name, value] of Object.entries(results)) {
        const tensor = fromRuntime(value);
        if (tensor === undefined) throw failure(`The output "${name}" has the type ${value.type}, which is not used.`);
        outputs[name] = tensor;
      }
      return outputs;
    },
    async release() {
      await session.release();
    },
  };
}

function convert(name: string, tensor: Tensor) {
  try {
    return toRuntime(tensor);
  } catch (cause) {
    throw failure(`The input "${name}" (${describeTensor(tensor)}) cannot be fed: ${reason(cause)}`, cause);
  }
}

/** Memory that runs out is told as that; the engine knows which network it was. */
function failure(message: string, cause?: unknown): AttuneError {
  return isOutOfMemory(cause)
    ? new AttuneError('memory-exceeded', `Memory ran out. ${message}`, {}, cause)
    : new AttuneError('runtime-failed', message, {}, cause);
}

const reason = (cause: unknown): string => (cause instanceof Error ? cause.message : String(cause));
