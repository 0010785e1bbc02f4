import type { Autoencoder } from '../../engine/index.ts';
import { cutAxis, type FloatTensor, joinAxis, type Tensor } from '../../engine/index.ts';
import { type CaseRun, floats, runProbed } from './probed.ts';

/** Both coders batch by batch, each given what the one before it carries on. */
export function codeVideos(autoencoder: Autoencoder): CaseRun {
  return async (input, runtime) => {
    const results = new Map<string, Tensor>();
    const code = async (way: 'encode' | 'decode', whole: FloatTensor) => {
      const isEncoder = way === 'encode';
      const [batch = 0, , frames = 0, height = 0, width = 0] = whole.dims;
      const parts = isEncoder ? autoencoder.encoderBatches(frames) : autoencoder.decoderBatches(frames);
      const chunks: FloatTensor[] = [];
      let carried: Record<string, Tensor> = {};
      let start = 0;
      for (const [index, length] of parts.entries()) {
        const sizes = { batch, frames: length, height, width, follows: index > 0 };
        const part = cutAxis(whole, 2, start, length);
        const outputs = await runProbed(
          {
            feeds: { [isEncoder ? 'frames' : 'latent']: part, ...carried },
            build: (g, probe) => {
              const built = isEncoder
                ? autoencoder.buildEncoder(g, sizes, probe)
                : autoencoder.buildDecoder(g, sizes, probe);
              for (const [name, value] of built.after) g.output(`after.${name}`, value);
            },
          },
          runtime,
        );
        const chunk = outputs[isEncoder ? 'moments' : 'video'];
        if (chunk?.dtype !== 'float32') throw new Error('a coder gives floats');
        results.set(`${way}.chunk.${index}`, chunk);
        chunks.push(chunk);
        carried = Object.fromEntries(
          Object.entries(outputs)
            .filter(([name]) => name.startsWith('after.'))
            .map(([name, tensor]) => [name.replace('after.', 'before.'), tensor]),
        );
        start += length;
      }
      return joinAxis(chunks, 2);
    };
    const moments = await code('encode', floats(input('x')));
    results.set('moments', moments);
    results.set('mean', cutAxis(moments, 1, 0, autoencoder.latentChannels));
    results.set('sample', await code('decode', floats(input('z'))));
    return results;
  };
}
