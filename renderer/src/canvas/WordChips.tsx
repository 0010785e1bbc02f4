import { Slider } from 'radix-ui';
import { type FormEvent, useEffect, useMemo, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useEditor } from '../state/editor.ts';
import { useSession } from '../state/session.ts';
import { wordsOf } from './promptwords.ts';
import { chooseWord, forgetWord, setLevel, useWordChoice } from './words.ts';

/** Words by which a thing in the picture can be put in the mask, and how much of it. */
export function WordChips() {
  const { t } = useTranslation();
  const document = useEditor((editor) => editor.document);
  const method = useSession(({ methods }) => methods.find(({ id }) => id === document.method));
  const { word: chosen, map } = useWordChoice();
  const text = method?.inputs.sourcePrompt === undefined ? document.prompt : document.sourcePrompt;
  const words = useMemo(() => wordsOf(text), [text]);
  const sha256 = document.source?.ref.sha256;
  // Another picture ends the choice.
  useEffect(() => forgetWord, [sha256]);
  return (
    <fieldset className="canvas-words" aria-label={t('canvas.words')}>
      <div className="canvas-chips">
        {words.map((word) => (
          <button
            key={word}
            type="button"
            className="canvas-chip"
            aria-pressed={word === chosen}
            aria-busy={word === chosen && map === null}
            onClick={() => void chooseWord(word)}
          >
            {word}
          </button>
        ))}
      </div>
      <OtherWord />
      <Level isDisabled={map === null} />
      <span className="canvas-hidden" aria-live="polite">
        {chosen !== null && map === null ? t('canvas.looking', { word: chosen }) : ''}
      </span>
    </fieldset>
  );
}

function OtherWord() {
  const { t } = useTranslation();
  const [word, setWord] = useState('');
  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    if (word.trim() !== '') void chooseWord(word.trim());
  };
  return (
    <form onSubmit={onSubmit}>
      <input
        className="canvas-word"
        data-own-undo
        value={word}
        maxLength={200}
        aria-label={t('canvas.otherWord')}
        placeholder={t('canvas.otherWord')}
        onChange={({ target }) => setWord(target.value)}
      />
    </form>
  );
}

function Level({ isDisabled }: { readonly isDisabled: boolean }) {
  const { t } = useTranslation();
  const level = useWordChoice((choice) => choice.level);
  return (
    <div className="canvas-option">
      <span aria-hidden>{t('canvas.level')}</span>
      <Slider.Root
        className="slider"
        value={[Math.round(level * 100)]}
        min={1}
        max={99}
        step={1}
        disabled={isDisabled}
        onValueChange={([share]) => share !== undefined && setLevel(share / 100, false)}
        onValueCommit={([share]) => share !== undefined && setLevel(share / 100, true)}
      >
        <Slider.Track className="slider-track">
          <Slider.Range className="slider-range" />
        </Slider.Track>
        <Slider.Thumb className="slider-thumb" aria-label={t('canvas.level')} />
      </Slider.Root>
    </div>
  );
}
