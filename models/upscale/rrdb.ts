import type { WeightSource } from '../../engine/checkpoint/weights.ts';
import type { NetworkFamily, Upscaler, UpscalerSizes } from '../../engine/family.ts';
import { GraphBuilder, type Value } from '../../engine/graph/builder.ts';
import { Layers } from '../layers/layers.ts';
import { kernelOf, otherKernel } from './kernels.ts';
import { plainNames, renamed } from './names.ts';
import { AROUND, pixelUnshuffle } from './pixels.ts';

/** What each dense block, and each group of three, adds of itself. */
const RESIDUAL = 0.2;
/** Slope of the leaky ReLU below zero. */
const SLOPE = 0.2;
/** How often the network's own convolutions double the size. */
const OWN_SCALE = 4;

/**
 * ESRGAN and Real-ESRGAN (`RRDBNet` of BasicSR's archs/rrdbnet_arch.py; arXiv 1809.00219 and 2107.10833): groups of three dense blocks, then two
 * doublings by nearest neighbours with a convolution after each. Networks for a factor of 2 or 1 take pixels of 2 x 2 or 4 x 4 as channels.
 */
export const rrdbNet: NetworkFamily<Upscaler> = {
  id: 'rrdb',
  title: 'ESRGAN upscaler (RRDBNet)',
  detect: ({ weights }) => {
    const { has } = ownNames(weights);
    return has('conv_first.weight') && has('body.0.rdb1.conv1.weight');
  },
  open({ config, weights }) {
    const network = new RrdbNet(ownNames(weights), config.file);
    const { multiple } = network;
    // Asks for every tensor once.
    network.build(new GraphBuilder(), { batch: 1, height: multiple, width: multiple });
    return network;
  },
};

/** The first release of ESRGAN and what was trained by it number the modules of one `nn.Sequential`. */
const FIRST_NAMES: Readonly<Record<string, string>> = {
  'model.0': 'conv_first',
  'model.3': 'conv_up1',
  'model.6': 'conv_up2',
  'model.8': 'conv_hr',
  'model.10': 'conv_last',
};

function ownNames(weights: WeightSource): WeightSource {
  const plain = plainNames(weights);
  if (!plain.has('model.0.weight')) return plain;
  return renamed(plain, (name) => {
    const [, module = name, kind = ''] = /^(.*)\.(weight|bias)$/.exec(name) ?? [];
    const dense = /^model\.1\.sub\.(\d+)\.RDB([123])\.conv([1-5])\.0$/.exec(module);
    if (dense) return `body.${dense[1]}.rdb${dense[2]}.conv${dense[3]}.${kind}`;
    // The convolution after the groups has the number behind theirs.
    const own = /^model\.1\.sub\.\d+$/.test(module) ? 'conv_body' : FIRST_NAMES[module];
    return own === undefined ? name : `${own}.${kind}`;
  });
}

class RrdbNet implements Upscaler {
  readonly scale: number;
  readonly multiple: number;
  /** Enough of what a result depends on: the influence of pixels further away is far below a level. */
  readonly margin = 24;
  readonly #weights: WeightSource;
  readonly #groups: number;
  readonly #features: number;
  readonly #growth: number;

  constructor(weights: WeightSource, file: string) {
    this.#weights = weights;
    const first = kernelOf(weights, 'conv_first', file);
    this.#features = first.out;
    this.#growth = kernelOf(weights, 'body.0.rdb1.conv1', file).out;
    this.multiple = Math.sqrt(first.into / 3);
    if (![1, 2, 4].includes(this.multiple)) throw otherKernel(weights, 'conv_first', file);
    this.scale = OWN_SCALE / this.multiple;
    let groups = 0;
    while (weights.has(`body.${groups}.rdb1.conv1.weight`)) groups++;
    this.#groups = groups;
  }

  build(g: GraphBuilder, { batch, height, width }: UpscalerSizes): Value {
    const net = new Layers(g, this.#weights);
    const out = this.#features;
    const convolution = (name: string, x: Value, channels = out) =>
      net.convolution(name, x, { out: channels, kernel: 3, pads: AROUND });
    const active = (x: Value) => g.prelu(x, g.scalar(SLOPE));
    const picture = g.input('frames', 'float32', [batch, 3, height, width]);
    const first = convolution('conv_first', pixelUnshuffle(g, picture, this.multiple));
    let x = first;
    for (let group = 0; group < this.#groups; group++) x = this.#group(net, `body.${group}`, x);
    x = g.add(first, convolution('conv_body', x));
    for (const name of ['conv_up1', 'conv_up2']) x = active(convolution(name, g.resizeNearest(x, 2)));
    return convolution('conv_last', active(convolution('conv_hr', x)), 3);
  }

  activationBytes({ batch, height, width }: UpscalerSizes): number {
    // At the full size: the enlarged features, the convolution's result and its copy for the kernel.
    return 4 * batch * height * width * this.scale ** 2 * 3 * this.#features;
  }

  #group(net: Layers, name: string, x: Value): Value {
    const { g } = net;
    let inner = x;
    for (const block of ['rdb1', 'rdb2', 'rdb3']) inner = this.#dense(net, `${name}.${block}`, inner);
    return g.add(x, g.mul(inner, g.scalar(RESIDUAL)));
  }

  /** Five convolutions, each over all that came before. */
  #dense(net: Layers, name: string, x: Value): Value {
    const { g } = net;
    const seen = [x];
    for (const index of [1, 2, 3, 4]) {
      const grown = net.convolution(`${name}.conv${index}`, g.concat(seen, 1), {
        out: this.#growth,
        kernel: 3,
        pads: AROUND,
      });
      seen.push(g.prelu(grown, g.scalar(SLOPE)));
    }
    const last = net.convolution(`${name}.conv5`, g.concat(seen, 1), { out: this.#features, kernel: 3, pads: AROUND });
    return g.add(x, g.mul(last, g.scalar(RESIDUAL)));
  }
}
