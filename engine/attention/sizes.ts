import { AttuneError } from '../base/errors.ts';
import { type AttentionOp, type Columns, flatten, type Span } from './ops.ts';
import type { AttentionSite, TokenLayout, TokenSpan } from './site.ts';
import { tokenCount } from './site.ts';

/** What the run-time inputs of a compilation are sized by: the widest sequence among the network's attention calls. */
export interface HookSizes {
  readonly batch: number;
  readonly heads: number;
  readonly tokens: TokenLayout;
  /** What each `extend` operation appends: of which span, how many columns at most. Known once operations are compiled. */
  readonly extended?: Readonly<Record<string, { readonly span: Span; readonly length: number }>>;
}

/** Columns an operation can name: how many values a field over them has. */
export function columnsLength(sizes: HookSizes, columns: Columns): number {
  if (typeof columns !== 'object') return spanIn(sizes.tokens, columns).length;
  const extension = sizes.extended?.[columns.extended];
  if (extension !== undefined) return extension.length;
  throw new AttuneError('graph-invalid', `No operation "${columns.extended}" extends the columns.`, {
    field: columns.extended,
  });
}

/** Where a span stands in a sequence; `all` is the whole sequence. */
export function spanIn(tokens: TokenLayout, span: Span): TokenSpan {
  if (span !== 'all') return tokens[span];
  return { start: 0, length: tokens.text.length + tokens.image.length };
}

/** The sizes with what operations append to the columns. */
export function withExtensions({ batch, heads, tokens }: HookSizes, ops: readonly AttentionOp[]): HookSizes {
  const extended: Record<string, { span: Span; length: number }> = {};
  for (const op of flatten(ops)) {
    if (op.op === 'extend') extended[op.id] = { span: op.cols, length: op.count ?? spanIn(tokens, op.cols).length };
  }
  return { batch, heads, tokens, extended };
}

/** The common sizes of a network's attention calls. Image-only calls must have the same image tokens as the joint ones. */
export function sizesOf(sites: readonly AttentionSite[]): HookSizes {
  const widest = sites.reduce<AttentionSite | undefined>(
    (best, site) => (best === undefined || tokenCount(site) > tokenCount(best) ? site : best),
    undefined,
  );
  if (widest === undefined)
    throw new AttuneError('graph-invalid', 'The network has no attention that could be hooked.');
  for (const site of sites) {
    const { text, image } = site.tokens;
    const sameImage =
      image.frames === widest.tokens.image.frames &&
      image.height === widest.tokens.image.height &&
      image.width === widest.tokens.image.width;
    const sameText = text.length === 0 || JSON.stringify(site.tokens) === JSON.stringify(widest.tokens);
    if (!sameImage || !sameText || site.batch !== widest.batch || site.heads !== widest.heads) {
      throw new AttuneError('graph-invalid', `Attention call ${site.id} differs in its sizes from ${widest.id}.`, {
        field: site.id,
      });
    }
  }
  return { batch: widest.batch, heads: widest.heads, tokens: widest.tokens };
}
