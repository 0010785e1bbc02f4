import { componentClass } from '../../engine/checkpoint/detect.ts';
import { quote, refusal } from '../../engine/checkpoint/refusal.ts';
import type { WeightSource } from '../../engine/checkpoint/weights.ts';
import type { NetworkFamily, PipelineFamily } from '../../engine/family.ts';

/**
 * The family, opening only weights that it reads in full. A tensor that nothing reads is a sign of a network that is another one under
 * the same names: its pictures would be wrong without a word. Throws 'checkpoint-unsupported' naming file and tensor.
 */
export function readingAll<Network>(family: NetworkFamily<Network>): NetworkFamily<Network> {
  return {
    ...family,
    open(files) {
      const { weights, read } = watched(files.weights);
      const network = family.open({ ...files, weights });
      const left = weights.names.filter((name) => !read.has(name) && family.unread?.test(name) !== true);
      const [first] = left;
      if (first === undefined) return network;
      const known = componentClass(weights)?.title;
      const title = known === undefined || known === family.title ? '' : ` They look like a ${known}.`;
      throw refusal(
        'checkpoint-unsupported',
        files.config.file,
        `The weights hold ${left.length === 1 ? 'a tensor' : `${left.length} tensors`} that the ${family.title} does not read, such as ${quote(first)}: this is another network.${title}`,
        { tensor: first },
      );
    },
  };
}

/** As `readingAll`, of the transformer that tells which family a checkpoint is of. */
export function readingAllOf(family: PipelineFamily): PipelineFamily {
  return { ...family, denoiser: readingAll(family.denoiser) };
}

/** The same weights, with the names of the tensors that were asked for. */
function watched(weights: WeightSource): { readonly weights: WeightSource; readonly read: ReadonlySet<string> } {
  const read = new Set<string>();
  const noting = <T>(act: (name: string) => T) => {
    return (name: string): T => {
      read.add(name);
      return act(name);
    };
  };
  return {
    weights: {
      names: weights.names,
      has: (name) => weights.has(name),
      shape: (name) => weights.shape(name),
      get: noting((name) => weights.get(name)),
      read: noting((name) => weights.read(name)),
      readInt64: noting((name) => weights.readInt64(name)),
    },
    read,
  };
}
