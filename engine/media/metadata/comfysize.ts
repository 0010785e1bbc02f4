import { untoldBy } from './comfyfound.ts';
import type { GraphNode, Link } from './comfygraph.ts';
import { linkOf, type Reader } from './comfyvalue.ts';

/** Where the latent of a sampler comes from. */
export interface Start {
  /** undefined where the graph does not tell it. */
  readonly size?: { readonly width: number; readonly height: number };
  /** What keeps it from being told. */
  readonly untold?: string;
  /** Samplers before this one. */
  readonly passes: number;
}

const EMPTY = /empty|solid|blank/i;
/** Nodes that give exactly the size that they say. */
const SAYS_SIZE = /^(?:LatentUpscale|ImageScale|LatentCrop|ImageCrop)$|tovideo|image.?to.?video/i;
const SCALES_BY = /^(?:LatentUpscaleBy|ImageScaleBy)$/;
/** Nodes that leave the size as it is; what they take it from is the first of these inputs. */
const KEEPS =
  /^(?:RepeatLatentBatch|LatentFromBatch|LatentBatch|SetLatentNoiseMask|LatentComposite|VAEDecode|VAEEncode|VAEEncodeTiled|VAEDecodeTiled|InpaintModelConditioning|ReferenceLatent)/;
const SOURCES = ['samples', 'samples1', 'samples_to', 'latent', 'latent_image', 'pixels', 'image', 'images'];
const LATENT_SIDE = 8;

export function readStart(reader: Reader, sampler: GraphNode, isSampler: (node: GraphNode) => boolean): Start {
  const link = ['latent_image', 'latent', 'samples'].map((name) => linkOf(sampler.inputs.get(name))).find(Boolean);
  const sized = sizeIn(reader, sampler);
  if (link === undefined) return sized === undefined ? { passes: 0 } : { passes: 0, size: sized };
  return follow(reader, link, isSampler, 0);
}

function follow(reader: Reader, given: Link, isSampler: (node: GraphNode) => boolean, depth: number): Start {
  const link = reader.through(given);
  const node = link && reader.node(link);
  if (node === undefined || depth > 100 || !reader.step())
    return { passes: 0, untold: 'a node that is not in the file' };
  const next = SOURCES.map((name) => linkOf(node.inputs.get(name))).find((found) => found !== undefined);
  const behind = (): Start =>
    next === undefined ? { passes: 0, untold: untoldBy(node).by } : follow(reader, next, isSampler, depth + 1);
  if (isSampler(node)) {
    const before = behind();
    return { ...before, passes: before.passes + 1 };
  }
  const names = ['width', 'empty_latent_width'].some((name) => node.inputs.has(name));
  if (
    names &&
    (EMPTY.test(node.type) || /loader/i.test(node.type) || (next === undefined && /latent/i.test(node.type)))
  ) {
    const size = sizeIn(reader, node);
    return size === undefined ? { passes: 0, untold: untoldBy(node).by } : { passes: 0, size };
  }
  if (SAYS_SIZE.test(node.type) && names) {
    const size = sizeIn(reader, node);
    const { passes } = next === undefined ? { passes: 0 } : behind();
    return size === undefined ? { passes, untold: untoldBy(node).by } : { passes, size };
  }
  if (SCALES_BY.test(node.type)) {
    const before = behind();
    const factor = reader.value(node, ['scale_by']);
    if (before.size === undefined || factor.is !== 'value' || typeof factor.value !== 'number')
      return { passes: before.passes, untold: before.untold ?? untoldBy(node).by };
    const unit = node.type === 'LatentUpscaleBy' ? LATENT_SIDE : 1;
    const scaled = (side: number) => Math.round((side / unit) * Number(factor.value)) * unit;
    return { passes: before.passes, size: { width: scaled(before.size.width), height: scaled(before.size.height) } };
  }
  if (KEEPS.test(node.type)) return behind();
  // A picture of its own, or a node whose rules are not known; samplers behind it still count.
  return { passes: next === undefined ? 0 : behind().passes, untold: untoldBy(node).by };
}

/** A side of 0 means "as the other one asks", which needs the picture. */
function sizeIn(reader: Reader, node: GraphNode): { width: number; height: number } | undefined {
  const width = reader.value(node, ['width', 'empty_latent_width']);
  const height = reader.value(node, ['height', 'empty_latent_height']);
  if (width.is !== 'value' || height.is !== 'value') return undefined;
  const [across, down] = [Number(width.value), Number(height.value)];
  return across > 0 && down > 0 ? { width: across, height: down } : undefined;
}
