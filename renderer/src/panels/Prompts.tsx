import type { CompletionContext, CompletionResult } from '@codemirror/autocomplete';
import { useEffect, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { MethodDescription, ModelInfo, PromptReading, Vocabulary } from '../../../contract/index.ts';
import { changedWords } from '../prompt/difference.ts';
import { PromptField } from '../prompt/PromptField.tsx';
import { call } from '../state/connection.ts';
import { change, useEditor } from '../state/editor.ts';
import { useSession } from '../state/session.ts';
import { setView, useView } from '../state/view.ts';

type PromptName = 'sourcePrompt' | 'prompt' | 'negative';

/** The prompts that the method takes, with what the model makes of them. */
export function Prompts({
  method,
  model,
}: {
  readonly method: MethodDescription;
  readonly model: ModelInfo | undefined;
}) {
  const { document } = useEditor();
  const vocabulary = useVocabulary(model);
  const guidance =
    document.guidance ??
    model?.defaults?.methodGuidance[method.id] ??
    method.defaults.guidance ??
    model?.defaults?.guidance;
  const both = method.inputs.sourcePrompt !== undefined;
  return (
    <div className="prompts">
      {both && <OnePrompt name="sourcePrompt" other={document.prompt} {...{ model, vocabulary }} />}
      <OnePrompt name="prompt" other={both ? document.sourcePrompt : undefined} {...{ model, vocabulary }} />
      {method.inputs.negative !== undefined && guidance !== 1 && (
        <OnePrompt name="negative" other={undefined} {...{ model, vocabulary }} />
      )}
    </div>
  );
}

function OnePrompt({
  name,
  other,
  model,
  vocabulary,
}: {
  readonly name: PromptName;
  readonly other: string | undefined;
  readonly model: ModelInfo | undefined;
  readonly vocabulary: Vocabulary | null;
}) {
  const { t } = useTranslation();
  const value = useEditor((state) => state.document[name]);
  const method = useEditor((state) => state.document.method);
  const heated = useView(({ heatWord }) => heatWord);
  const reading = useReading(model, value);
  const marks = useMemo(
    () => ({
      changed: other === undefined || other.trim() === '' ? [] : changedWords(value, other),
      unknown:
        reading?.text === value
          ? reading.reading.unknown.map(({ start, end, suggestions }) => ({ from: start, to: end, suggestions }))
          : [],
      heated,
    }),
    [value, other, reading, heated],
  );
  const unknown = reading?.text === value ? reading.reading.unknown : [];
  const label = t(`prompt.${name}`);
  const isOver = reading !== undefined && reading.reading.tokens > reading.reading.limit;
  return (
    <div className="field">
      <div className="label-line">
        <span className="label" id={`${name}-label`}>
          {label}
        </span>
        <span id={`${name}-count`} className={isOver ? 'count over' : 'count'}>
          {reading === undefined
            ? ''
            : t('prompt.tokens', { count: reading.reading.tokens, limit: reading.reading.limit })}
        </span>
      </div>
      <PromptField
        id={name}
        label={label}
        describedBy={`${name}-count`}
        value={value}
        placeholder={t(
          name === 'prompt' && method === 'generate' ? 'prompt.placeholder.generate' : `prompt.placeholder.${name}`,
        )}
        marks={marks}
        onChange={(text) => change(name, { [name]: text })}
        onWord={(word) => hover(word)}
        complete={vocabulary === null ? undefined : completionOf(vocabulary)}
      />
      {unknown.length > 0 && (
        <ul className="unknown" aria-live="polite">
          {unknown.map(({ start, end, suggestions }) => (
            <li key={`${start}-${end}`}>
              {t('prompt.unknown', { word: value.slice(start, end) })}
              {suggestions.map((word) => (
                <button
                  key={word}
                  type="button"
                  className="chip"
                  onClick={() => change(name, { [name]: value.slice(0, start) + word + value.slice(end) })}
                >
                  {word}
                </button>
              ))}
            </li>
          ))}
        </ul>
      )}
      {reading !== undefined &&
        reading.text === value &&
        reading.reading.warnings.map((warning) => (
          <p key={warning} className="warning">
            {warning}
          </p>
        ))}
    </div>
  );
}

/** Shows the map of the word under the pointer, where there is one. */
function hover(word: string | null): void {
  const { run, history } = useSession.getState();
  const { shown } = useEditor.getState().document;
  const known =
    run === null ? history.find(({ id }) => id === shown)?.maps.map((map) => map.word) : Object.keys(run.maps);
  const found = word === null ? undefined : known?.find((name) => name.toLowerCase() === word.toLowerCase());
  if (useView.getState().heatWord !== (found ?? null)) setView({ heatWord: found ?? null });
}

const READ_AFTER_MS = 180;

/** How the model reads a text, some moments after typing stopped. */
function useReading(model: ModelInfo | undefined, text: string) {
  const [reading, setReading] = useState<{ readonly text: string; readonly reading: PromptReading }>();
  const link = useSession((session) => session.link);
  const ref = model?.isRunnable === true ? model.ref : undefined;
  useEffect(() => {
    if (ref === undefined || link !== 'open') return;
    let isLate = false;
    const timer = setTimeout(() => {
      call('read', { checkpoint: ref, text }).then(
        (answer) => !isLate && setReading({ text, reading: answer }),
        () => !isLate && setReading(undefined),
      );
    }, READ_AFTER_MS);
    return () => {
      isLate = true;
      clearTimeout(timer);
    };
  }, [ref, text, link]);
  return reading;
}

function useVocabulary(model: ModelInfo | undefined): Vocabulary | null {
  const [vocabulary, setVocabulary] = useState<Vocabulary | null>(null);
  const ref = model?.hasVocabulary === true ? model.ref : undefined;
  useEffect(() => {
    let isLate = false;
    setVocabulary(null);
    if (ref !== undefined)
      call('words', { checkpoint: ref }).then(
        (answer) => !isLate && setVocabulary(answer.vocabulary),
        () => {},
      );
    return () => {
      isLate = true;
    };
  }, [ref]);
  return vocabulary;
}

/** Suggests words that the model knows, also for their synonyms. */
function completionOf(vocabulary: Vocabulary) {
  const options = (['objects', 'colours', 'places', 'positions'] as const).flatMap((kind) =>
    vocabulary[kind].flatMap(({ word, synonyms }) => [
      { label: word, type: kind },
      ...synonyms.map((synonym) => ({ label: synonym, apply: word, detail: word, type: kind })),
    ]),
  );
  return (context: CompletionContext): CompletionResult | null => {
    const typed = context.matchBefore(/[\p{L}]+$/u);
    if (typed === null || (typed.text.length < 2 && !context.explicit)) return null;
    return { from: typed.from, options, validFor: /^[\p{L} ]*$/u };
  };
}
