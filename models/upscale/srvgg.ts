import type { WeightSource } from '../../engine/checkpoint/weights.ts';
import type { NetworkFamily, Upscaler, UpscalerSizes } from '../../engine/family.ts';
import { GraphBuilder, type Value } from '../../engine/graph/builder.ts';
import { Layers } from '../layers/layers.ts';
import { kernelOf, otherKernel } from './kernels.ts';
import { plainNames } from './names.ts';
import { AROUND, pixelShuffle } from './pixels.ts';

/**
 * Real-ESRGAN's compact network (`SRVGGNetCompact` of its archs/srvgg_arch.py; arXiv 2107.10833): convolutions of 3 x 3 pixels with a
 * PReLU after each but the last, whose channels become pixels and are added to the picture in large.
 */
export const srvggNet: NetworkFamily<Upscaler> = {
  id: 'srvgg',
  title: 'compact Real-ESRGAN upscaler (SRVGGNetCompact)',
  detect: ({ weights }) => {
    const { has, shape } = plainNames(weights);
    return has('body.0.weight') && shape('body.1.weight')?.length === 1;
  },
  open({ config, weights }) {
    const network = new SrvggNet(plainNames(weights), config.file);
    // Asks for every tensor once.
    network.build(new GraphBuilder(), { batch: 1, height: 1, width: 1 });
    return network;
  },
};

class SrvggNet implements Upscaler {
  readonly scale: number;
  readonly margin: number;
  readonly multiple = 1;
  readonly #weights: WeightSource;
  /** Channels between the convolutions. */
  readonly #features: number;
  /** Index of the last convolution; those before it have even indices, activations odd ones. */
  readonly #last: number;

  constructor(weights: WeightSource, file: string) {
    this.#weights = weights;
    let last = 0;
    while (weights.has(`body.${last + 2}.weight`)) last += 2;
    this.#last = last;
    this.#features = kernelOf(weights, 'body.0', file).out;
    this.scale = Math.sqrt(kernelOf(weights, `body.${last}`, file).out / 3);
    if (!Number.isInteger(this.scale)) throw otherKernel(weights, `body.${last}`, file);
    // Each convolution sees one pixel further.
    this.margin = last / 2 + 1;
  }

  build(g: GraphBuilder, { batch, height, width }: UpscalerSizes): Value {
    const net = new Layers(g, this.#weights);
    const picture = g.input('frames', 'float32', [batch, 3, height, width]);
    let x = picture;
    for (let index = 0; index <= this.#last; index += 2) {
      const out = index === this.#last ? 3 * this.scale ** 2 : this.#features;
      x = net.convolution(`body.${index}`, x, { out, kernel: 3, pads: AROUND });
      if (index === this.#last) continue;
      const slope = net.weight(`body.${index + 1}.weight`, [this.#features]);
      x = g.prelu(x, g.reshape(slope, [this.#features, 1, 1]));
    }
    return g.add(pixelShuffle(g, x, this.scale), g.resizeNearest(picture, this.scale));
  }

  activationBytes({ batch, height, width }: UpscalerSizes): number {
    return 4 * batch * height * width * (3 * this.#features + 9 * this.scale ** 2);
  }
}
