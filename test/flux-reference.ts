import { fill, type Numbers } from './numbers.ts';

/**
 * FLUX.1 spelled out in float64 for one batch row: what the graph is held against without the fixtures. Shares nothing with it but the
 * weights.
 */

/** All values of a tensor, by its name in the checkpoint. */
export interface FluxWeights {
  read(name: string): Float32Array;
}

export interface FluxShape {
  readonly heads: number;
  readonly axes: readonly [number, number, number];
  readonly layers: number;
  readonly singleLayers: number;
}

export interface FluxInputs {
  /** [C, h, w] */
  readonly latent: Numbers;
  /** [tokens, width] */
  readonly text: Numbers;
  readonly pooled: readonly number[];
  /** 0..1000 */
  readonly timestep: number;
  readonly guidance?: number;
}

type Row = readonly number[];
type Rows = readonly Row[];

/** The velocity [C, h, w]. */
export function referenceFlux(weights: FluxWeights, shape: FluxShape, inputs: FluxInputs): Numbers {
  const net = new Reference(weights, shape);
  const [channels = 0, height = 0, width = 0] = inputs.latent.shape;
  const [rows, columns] = [height / 2, width / 2];
  const textHiddenSize = inputs.text.shape[1] ?? 0;
  const text = chunks(inputs.text.data, textHiddenSize);
  // A token's values: channel, then row, then column.
  const place = (channel: number, y: number, x: number) => (channel * height + y) * width + x;
  const tokens = grid(rows, columns).map(([row, column]) =>
    Array.from({ length: 4 * channels }, (_, at) => {
      const [channel, dy, dx] = [Math.floor(at / 4), Math.floor(at / 2) % 2, at % 2];
      return value(inputs.latent.data, place(channel, 2 * row + dy, 2 * column + dx));
    }),
  );
  const positions = [...text.map(() => [0, 0, 0]), ...grid(rows, columns).map(([row, column]) => [0, row, column])];
  const velocity = net.run({ tokens, text, positions }, inputs);
  return fill([channels, height, width], ([channel = 0, y = 0, x = 0]) => {
    const token = velocity[Math.floor(y / 2) * columns + Math.floor(x / 2)] ?? [];
    return value(token, 4 * channel + 2 * (y % 2) + (x % 2));
  });
}

class Reference {
  readonly #weights: FluxWeights;
  readonly #shape: FluxShape;

  constructor(weights: FluxWeights, shape: FluxShape) {
    this.#weights = weights;
    this.#shape = shape;
  }

  run(
    { tokens, text, positions }: { readonly tokens: Rows; readonly text: Rows; readonly positions: Rows },
    inputs: FluxInputs,
  ): Rows {
    const { layers, singleLayers } = this.#shape;
    let image = this.#linear('x_embedder', tokens);
    let context = this.#linear('context_embedder', text);
    const condition = this.#condition(inputs).map(silu);
    for (let layer = 0; layer < layers; layer += 1) {
      const name = `transformer_blocks.${layer}`;
      const [a, b] = [this.#chunks(`${name}.norm1`, condition, 6), this.#chunks(`${name}.norm1_context`, condition, 6)];
      const [own, added] = [modulated(image, a[0], a[1]), modulated(context, b[0], b[1])];
      const project = (part: string, of: string, norm: string) => [
        ...this.#heads(`${name}.attn.norm_added_${norm}`, this.#linear(`${name}.attn.add_${part}_proj`, added)),
        ...this.#heads(`${name}.attn.norm_${norm}`, this.#linear(`${name}.attn.to_${of}`, own)),
      ];
      const values = [...this.#linear(`${name}.attn.add_v_proj`, added), ...this.#linear(`${name}.attn.to_v`, own)];
      const attended = this.#attend(project('q', 'q', 'q'), project('k', 'k', 'k'), values, positions);
      const rest = (x: Rows, part: Rows, out: string, ff: string, [, , gate, shift, scale, gateMlp]: Rows) => {
        const middle = gated(x, gate, this.#linear(`${name}.attn.${out}`, part));
        const inner = this.#linear(`${name}.${ff}.net.0.proj`, modulated(middle, shift, scale));
        return gated(
          middle,
          gateMlp,
          this.#linear(
            `${name}.${ff}.net.2`,
            inner.map((row) => row.map(gelu)),
          ),
        );
      };
      context = rest(context, attended.slice(0, text.length), 'to_add_out', 'ff_context', b);
      image = rest(image, attended.slice(text.length), 'to_out.0', 'ff', a);
    }
    let joined: Rows = [...context, ...image];
    for (let layer = 0; layer < singleLayers; layer += 1) {
      const name = `single_transformer_blocks.${layer}`;
      const [shift, scale, gate] = this.#chunks(`${name}.norm`, condition, 3);
      const x = modulated(joined, shift, scale);
      const [q, k] = ['q', 'k'].map((part) =>
        this.#heads(`${name}.attn.norm_${part}`, this.#linear(`${name}.attn.to_${part}`, x)),
      );
      const attended = this.#attend(q ?? [], k ?? [], this.#linear(`${name}.attn.to_v`, x), positions);
      const mlp = this.#linear(`${name}.proj_mlp`, x).map((row) => row.map(gelu));
      const both = attended.map((row, i) => [...row, ...(mlp[i] ?? [])]);
      joined = gated(joined, gate, this.#linear(`${name}.proj_out`, both));
    }
    const [scale, shift] = this.#chunks('norm_out', condition, 2);
    return this.#linear('proj_out', modulated(joined.slice(text.length), shift, scale));
  }

  #condition({ timestep, guidance, pooled }: FluxInputs): Row {
    const embedded = (name: string, x: Row) => {
      const [inner = []] = this.#linear(`time_text_embed.${name}.linear_1`, [x]);
      return this.#linear(`time_text_embed.${name}.linear_2`, [inner.map(silu)])[0] ?? [];
    };
    const parts = [
      embedded('timestep_embedder', sinusoids(timestep)),
      ...(guidance === undefined ? [] : [embedded('guidance_embedder', sinusoids(1000 * guidance))]),
      embedded('text_embedder', pooled),
    ];
    return parts.reduce((sum, part) => sum.map((x, i) => x + value(part, i)));
  }

  #linear(name: string, x: Rows): Rows {
    const bias = Array.from(this.#weights.read(`${name}.bias`));
    const weight = chunks(Array.from(this.#weights.read(`${name}.weight`)), x[0]?.length ?? 0);
    return x.map((row) => weight.map((w, out) => value(bias, out) + dot(w, row)));
  }

  #chunks(name: string, condition: Row, count: number): Rows {
    const [all = []] = this.#linear(`${name}.linear`, [condition]);
    return chunks(all, all.length / count);
  }

  /** RMSNorm of each head. */
  #heads(name: string, x: Rows): Rows {
    const weight = Array.from(this.#weights.read(`${name}.weight`));
    return x.map((row) =>
      chunks(row, weight.length).flatMap((head) => {
        const size = Math.sqrt(dot(head, head) / head.length + 1e-6);
        return head.map((entry, i) => (entry / size) * value(weight, i));
      }),
    );
  }

  #attend(q: Rows, k: Rows, v: Rows, positions: Rows): Rows {
    const headDim = (q[0]?.length ?? 0) / this.#shape.heads;
    const head = (x: Rows, h: number) => x.map((row) => row.slice(h * headDim, (h + 1) * headDim));
    const results = Array.from({ length: this.#shape.heads }, (_, h) => {
      const [queries, keys] = [q, k].map((x) => head(x, h).map((row, i) => this.#turned(row, positions[i] ?? [])));
      const values = head(v, h);
      return (queries ?? []).map((query) => {
        const powers = (keys ?? []).map((key) => Math.exp(dot(query, key) / Math.sqrt(headDim)));
        const sum = powers.reduce((a, b) => a + b);
        return Array.from(
          { length: headDim },
          (_, i) =>
            dot(
              powers,
              values.map((row) => value(row, i)),
            ) / sum,
        );
      });
    });
    return q.map((_, i) => results.flatMap((rows) => rows[i] ?? []));
  }

  /** Pairs of adjacent channels turn by the position on their axis. */
  #turned(x: Row, position: Row): Row {
    const angles = this.#shape.axes.flatMap((channels, axis) =>
      Array.from({ length: channels / 2 }, (_, i) => value(position, axis) / 10_000 ** ((2 * i) / channels)),
    );
    return angles.flatMap((angle, i) => {
      const [a, b] = [value(x, 2 * i), value(x, 2 * i + 1)];
      return [a * Math.cos(angle) - b * Math.sin(angle), b * Math.cos(angle) + a * Math.sin(angle)];
    });
  }
}

/** Throws where there is none: a length that is off must not read as 0. */
function value(x: ArrayLike<number>, at: number): number {
  const found = x[at];
  if (found === undefined) throw new RangeError(`${at} is outside of ${x.length}`);
  return found;
}

const dot = (a: Row, b: Row): number => {
  if (a.length !== b.length) throw new RangeError(`${a.length} values meet ${b.length}`);
  return a.reduce((sum, x, i) => sum + x * value(b, i), 0);
};

function chunks(flat: Row, size: number): Rows {
  return Array.from({ length: flat.length / size }, (_, i) => flat.slice(i * size, (i + 1) * size));
}

const grid = (rows: number, columns: number) =>
  Array.from({ length: rows * columns }, (_, at) => [Math.floor(at / columns), at % columns] as const);

function modulated(x: Rows, shift: Row = [], scale: Row = []): Rows {
  return x.map((row) => {
    const mean = row.reduce((a, b) => a + b) / row.length;
    const centred = row.map((entry) => entry - mean);
    const size = Math.sqrt(dot(centred, centred) / row.length + 1e-6);
    return centred.map((entry, i) => (entry / size) * (1 + value(scale, i)) + value(shift, i));
  });
}

function gated(x: Rows, gate: Row = [], change: Rows): Rows {
  return x.map((row, t) => row.map((entry, i) => entry + value(gate, i) * value(change[t] ?? [], i)));
}

const sinusoids = (t: number): Row => {
  const angles = Array.from({ length: 128 }, (_, i) => t * Math.exp((-Math.log(10_000) * i) / 128));
  return [...angles.map(Math.cos), ...angles.map(Math.sin)];
};

const silu = (x: number) => x / (1 + Math.exp(-x));
const gelu = (x: number) => 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
