import { autocompletion, type CompletionSource } from '@codemirror/autocomplete';
import { defaultKeymap } from '@codemirror/commands';
import { Compartment, EditorSelection, EditorState, type Extension } from '@codemirror/state';
import { EditorView, keymap, placeholder as placeholderOf } from '@codemirror/view';
import { useEffect, useRef } from 'react';
import { type PromptMarks, promptMarks, setMarks } from './decorations.ts';
import { changeWeight, wordAt } from './weights.ts';

export interface PromptFieldProps {
  readonly id: string;
  readonly label: string;
  readonly describedBy: string;
  readonly value: string;
  readonly placeholder: string;
  readonly marks: PromptMarks;
  readonly onChange: (value: string) => void;
  /** A word the pointer or the cursor is over; null: none. */
  readonly onWord: (word: string | null) => void;
  readonly complete?: CompletionSource | undefined;
}

/** One prompt: an editor line with its weights shown as weights (Mod+Up, Mod+Down), changed and unknown words marked. */
export function PromptField(props: PromptFieldProps) {
  const { id, label, describedBy, value, placeholder, marks } = props;
  const host = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView>(null);
  const latest = useRef(props);
  latest.current = props;

  useEffect(() => {
    if (host.current === null) return;
    const made = new EditorView({
      parent: host.current,
      state: EditorState.create({
        doc: latest.current.value,
        extensions: extensionsFor(latest, { id, label, describedBy, placeholder }),
      }),
    });
    view.current = made;
    return () => made.destroy();
  }, [id, label, describedBy, placeholder]);

  useEffect(() => {
    const editor = view.current;
    if (editor === null || editor.state.doc.toString() === value) return;
    editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: value } });
  }, [value]);

  useEffect(() => {
    view.current?.dispatch({ effects: setMarks.of(marks) });
  }, [marks]);

  return <div className="prompt-field" ref={host} />;
}

function extensionsFor(
  latest: { readonly current: PromptFieldProps },
  { id, label, describedBy, placeholder }: { id: string; label: string; describedBy: string; placeholder: string },
): Extension {
  const weight = (steps: number) => (view: EditorView) => {
    const { from, to } = view.state.selection.main;
    const change = changeWeight(view.state.doc.toString(), { from, to }, steps);
    if (change !== undefined)
      view.dispatch({
        changes: change.replace,
        selection: { anchor: change.selection.from, head: change.selection.to },
        userEvent: 'input.weight',
      });
    return true;
  };
  const completion = new Compartment();
  return [
    keymap.of([
      { key: 'Mod-ArrowUp', run: weight(1), preventDefault: true },
      { key: 'Mod-ArrowDown', run: weight(-1), preventDefault: true },
      // The editor's own keys: undo belongs to the document, Enter with Mod to the run.
      ...defaultKeymap.filter(({ key }) => key !== 'Mod-Enter' && key !== 'Mod-i'),
    ]),
    EditorView.lineWrapping,
    placeholderOf(placeholder),
    promptMarks,
    completion.of(
      autocompletion({
        // A field that was left while the words were looked up must not open a list.
        override: [
          async (context) => {
            const found = (await latest.current.complete?.(context)) ?? null;
            return context.view?.hasFocus === false ? null : found;
          },
        ],
        icons: false,
        activateOnTyping: true,
      }),
    ),
    EditorView.contentAttributes.of({ id, 'aria-label': label, 'aria-describedby': describedBy, spellcheck: 'false' }),
    EditorView.updateListener.of((update) => {
      if (update.docChanged) {
        const text = update.state.doc.toString();
        if (text !== latest.current.value) latest.current.onChange(text);
      }
    }),
    EditorView.domEventHandlers({
      mousemove(event, view) {
        const at = view.posAtCoords({ x: event.clientX, y: event.clientY });
        const text = view.state.doc.toString();
        const word = at === null ? undefined : wordAt(text, at);
        latest.current.onWord(word === undefined ? null : text.slice(word.from, word.to));
      },
      mouseleave: () => latest.current.onWord(null),
      // A cursor that belongs to the end of a wrapped line is set there at every measuring, which takes the focus from wherever it went.
      blur(_event, view) {
        const { empty, assoc, head } = view.state.selection.main;
        if (empty && assoc !== 0) view.dispatch({ selection: EditorSelection.cursor(head) });
      },
    }),
  ];
}
