import type { CompletionContext, CompletionResult } from '@codemirror/autocomplete';
import { useEffect, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { ModelInfo, PromptReading, Vocabulary } from '../../../contract/index.ts';
import { changedWords } from '../prompt/difference.ts';
import { PromptField } from '../prompt/PromptField.tsx';
import { call } from '../state/connection.ts';
import { useSession } from '../state/session.ts';

/** One prompt with what the model makes of it: tokens, unknown words, suggestions. */
export function PromptInput({
  id,
  label,
  value,
  placeholder,
  model,
  other,
  heated = null,
  onChange,
  onWord = () => {},
}: {
  readonly id: string;
  readonly label: string;
  readonly value: string;
  readonly placeholder: string;
  readonly model: ModelInfo | undefined;
  /** The prompt that its changes are marked against. */
  readonly other?: string | undefined;
  /** The word whose map is shown. */
  readonly heated?: string | null;
  readonly onChange: (text: string) => void;
  /** The word under the pointer. */
  readonly onWord?: (word: string | null) => void;
}) {
  const { t } = useTranslation();
  const vocabulary = useVocabulary(model);
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
  const isOver = reading !== undefined && reading.reading.tokens > reading.reading.limit;
  return (
    <div className="field">
      <div className="label-line">
        <span className="label" id={`${id}-label`}>
          {label}
        </span>
        <span id={`${id}-count`} className={isOver ? 'count over' : 'count'}>
          {reading === undefined
            ? ''
            : t('prompt.tokens', { count: reading.reading.tokens, limit: reading.reading.limit })}
        </span>
      </div>
      <PromptField
        id={id}
        label={label}
        describedBy={`${id}-count`}
        value={value}
        placeholder={placeholder}
        marks={marks}
        onChange={onChange}
        onWord={onWord}
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
                  onClick={() => onChange(value.slice(0, start) + word + value.slice(end))}
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
