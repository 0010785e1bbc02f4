import type { RecordedOperation } from '../../../contract/index.ts';
import type { RouteOp } from '../../attention/ops.ts';
import { routeValues, type TokenPair } from '../../attention/route.ts';
import type { HookValues } from '../../attention/values.ts';
import { type Conditioning, wordsOf } from '../../conditioning/conditioning.ts';
import type { BranchLayout, BranchRow } from '../../denoise/layout.ts';
import { isOpen } from '../../text/schedule.ts';
import type { ParamsOf } from '../params.ts';
import { routedPairs } from './correspondence.ts';
import type { PROMPT_EDIT_PARAMS } from './params.ts';

type RouteParams = Pick<ParamsOf<typeof PROMPT_EDIT_PARAMS>, 'crossReplaceSteps' | 'selfReplaceSteps' | 'replaced'>;

/** What the target's image rows take from the source's row, and until when. */
export interface RoutePlan {
  readonly operations: readonly RouteOp[];
  /** Token map of the target's text columns. */
  readonly pairs: readonly TokenPair[];
  readonly target: Conditioning;
  /** Share of the steps in which an operation is open. */
  readonly until: (op: RouteOp) => number;
}

const WORDS = 'words-route';
const LAYOUT = 'layout-route';

/** The routes of an edit: shared words (text columns, by a token map) and layout (image columns). A route that never opens is left out. */
export function planRoutes(source: Conditioning, target: Conditioning, params: RouteParams): RoutePlan {
  const until = ({ id }: Pick<RouteOp, 'id'>) => (id === WORDS ? params.crossReplaceSteps : params.selfReplaceSteps);
  const pairs = routedPairs(source, target, params.replaced);
  const common = { op: 'route', rows: 'image', layers: 'all', weight: true } as const;
  const words: RouteOp = {
    ...common,
    id: WORDS,
    cols: 'text',
    q: true,
    k: true,
    pairs: Math.max(target.tokenCount, pairs.length),
    sites: 'joint',
  };
  const hasWords = params.crossReplaceSteps > 0;
  // Sharing the vector of the words' route shares its gathered queries and its doubled head dimension.
  const layout: RouteOp = {
    ...common,
    id: LAYOUT,
    cols: 'image',
    q: hasWords ? WORDS : true,
    k: hasWords ? WORDS : true,
  };
  return {
    operations: [...(hasWords ? [words] : []), ...(params.selfReplaceSteps > 0 ? [layout] : [])],
    pairs,
    target,
    until,
  };
}

/** Run-time inputs of the routes at a step. Shared words bind the target's positive row, the layout binds its negative row too. */
export function routeAmounts(
  { operations, pairs, until }: RoutePlan,
  layout: BranchLayout,
  step: number,
  steps: number,
): HookValues {
  const isTarget = layout.rows.map(({ branch }) => layout.branches[branch]?.name === 'target');
  const from = layout.rows.map(({ kind }, row) => (isTarget[row] === true ? sourceRow(layout, kind) : row));
  const ownColumns = ownPairs(layout.sizes.tokens.text.length);
  const amounts = operations.map((op) => {
    const open = isOpen([0, until(op)], step, steps);
    const own = op.q === true ? { from } : {};
    if (op.id === LAYOUT)
      return routeValues(op, layout.sizes, { ...own, weight: isTarget.map((routed) => Number(routed && open)) });
    const bound = layout.rows.map(({ kind }, row) => open && kind === 'positive' && isTarget[row] === true);
    return routeValues(op, layout.sizes, { ...own, pairs: bound.map((routed) => (routed ? pairs : ownColumns)) });
  });
  return Object.assign({}, ...amounts);
}

/** The source's row of the same kind; its positive row where the source is not guided. */
function sourceRow(layout: BranchLayout, kind: BranchRow['kind']): number {
  const isThere = layout.rows.some((row) => row.kind === kind && layout.branches[row.branch]?.name === 'source');
  return layout.row('source', isThere ? kind : 'positive');
}

/** Every column keeps its own query and key. */
function ownPairs(columns: number): readonly TokenPair[] {
  return Array.from({ length: columns }, (_, token) => ({ source: token, target: token, weight: 0 }));
}

/** The routes for the record: words and tokens, numbers, steps. */
export function recordRoutes(
  { operations, pairs, target, until }: RoutePlan,
  steps: number,
): readonly RecordedOperation[] {
  const routed = pairs.filter(({ weight }) => weight === 1);
  const columns = new Set(routed.map((pair) => pair.target));
  return operations.map((op) => ({
    primitive: op.op,
    steps: [0, Math.max(0, Math.floor(until(op) * steps) - 1)],
    ...(op.id === WORDS
      ? {
          words: wordsOf(target)
            .filter((word) => word.columns.every((column) => columns.has(column)))
            .map((word) => ({ text: word.text, tokens: [...word.columns] })),
        }
      : {}),
    values: {
      rows: op.rows,
      columns: op.cols,
      from: 'source',
      to: 'target',
      ...(op.id === WORDS
        ? { sourceTokens: routed.map((pair) => pair.source), targetTokens: routed.map((pair) => pair.target) }
        : {}),
    },
  }));
}
