import { type Extension, RangeSetBuilder, StateEffect, StateField } from '@codemirror/state';
import { Decoration, type DecorationSet, EditorView, WidgetType } from '@codemirror/view';
import { type Span, weightedSpans } from './weights.ts';

/** What is marked in a prompt besides its weights. Ranges are of the text as it was when they were made. */
export interface PromptMarks {
  readonly changed: readonly Span[];
  readonly unknown: readonly (Span & { readonly suggestions: readonly string[] })[];
  /** Word -> share of the whole picture's attention, 0..1, for its tint. */
  readonly heated: string | null;
}

export const setMarks = StateEffect.define<PromptMarks>();
const NO_MARKS: PromptMarks = { changed: [], unknown: [], heated: null };

const marksField = StateField.define<PromptMarks>({
  create: () => NO_MARKS,
  update(marks, transaction) {
    for (const effect of transaction.effects) if (effect.is(setMarks)) return effect.value;
    if (!transaction.docChanged) return marks;
    const moved = <T extends Span>(span: T): T => ({
      ...span,
      from: transaction.changes.mapPos(span.from, 1),
      to: transaction.changes.mapPos(span.to, -1),
    });
    const whole = ({ from, to }: Span) => from < to;
    return {
      ...marks,
      changed: marks.changed.map(moved).filter(whole),
      unknown: marks.unknown.map(moved).filter(whole),
    };
  },
});

/** The weight of a group, shown in place of its `:1.3)`. */
class WeightBadge extends WidgetType {
  readonly weight: number;
  constructor(weight: number) {
    super();
    this.weight = weight;
  }
  override eq(other: WeightBadge): boolean {
    return other.weight === this.weight;
  }
  toDOM(): HTMLElement {
    const badge = document.createElement('span');
    badge.className = this.weight > 1 ? 'weight-badge up' : 'weight-badge down';
    badge.textContent = `×${this.weight}`;
    return badge;
  }
}

const weighted = Decoration.mark({ class: 'weighted' });
const changed = Decoration.mark({ class: 'changed-word' });
const heated = Decoration.mark({ class: 'heated-word' });
const hidden = Decoration.replace({});

const decorations = EditorView.decorations.compute(['doc', 'selection', marksField], (state) => {
  const text = state.doc.toString();
  const { changed: changes, unknown, heated: word } = state.field(marksField);
  const ranges: { from: number; to: number; value: Decoration }[] = [];
  const { from, to } = state.selection.main;
  for (const { outer, inner, weight } of weightedSpans(text)) {
    ranges.push({ from: inner.from, to: inner.to, value: weighted });
    // Where the cursor stands the marks themselves are shown, so that they can be typed.
    const isTouched = from <= outer.to && to >= outer.from && from !== to ? false : from > inner.to && from < outer.to;
    if (isTouched) continue;
    ranges.push({ from: outer.from, to: inner.from, value: hidden });
    ranges.push({ from: inner.to, to: outer.to, value: Decoration.replace({ widget: new WeightBadge(weight) }) });
  }
  for (const span of changes) ranges.push({ ...span, value: changed });
  for (const { from: start, to: end, suggestions } of unknown) {
    const title = suggestions.length > 0 ? suggestions.join(', ') : '';
    ranges.push({ from: start, to: end, value: Decoration.mark({ class: 'unknown-word', attributes: { title } }) });
  }
  if (word !== null)
    for (const { index } of text.matchAll(new RegExp(`(?<![\\p{L}\\p{N}])${escaped(word)}(?![\\p{L}\\p{N}])`, 'giu')))
      ranges.push({ from: index, to: index + word.length, value: heated });
  return setOf(ranges.filter((range) => range.from < range.to && range.to <= text.length));
});

function setOf(ranges: { from: number; to: number; value: Decoration }[]): DecorationSet {
  const builder = new RangeSetBuilder<Decoration>();
  ranges.sort((a, b) => a.from - b.from || a.value.startSide - b.value.startSide || a.to - b.to);
  for (const { from, to, value } of ranges) builder.add(from, to, value);
  return builder.finish();
}

const escaped = (word: string) => word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

export const promptMarks: Extension = [marksField, decorations];
