import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useEditor } from '../state/editor.ts';
import { useMethods } from '../state/methods.ts';
import { defaultsFor, setByHand } from '../state/request.ts';
import { useSession } from '../state/session.ts';
import { useTimeline } from '../state/timeline.ts';
import { changeEdit } from '../state/video.ts';
import { changesClip, editOf, partOf, videoMethodOf, videoModelOf, videoRequest } from '../state/videorequest.ts';
import { framesOfTimeline } from '../video/layout.ts';
import { BoxLayer } from './video/BoxLayer.tsx';
import { Player } from './video/Player.tsx';
import { Timeline } from './video/Timeline.tsx';
import { VideoPanel } from './video/VideoPanel.tsx';
import { VideoResults } from './video/VideoResults.tsx';

/** One long video from prompts on a timeline, or a clip that is edited: the player, the timeline, what is chosen beside them. */
export function VideoPage() {
  const { t } = useTranslation();
  const draft = useEditor(({ document }) => document.video);
  const { models, history } = useSession();
  const methods = useMethods();
  const [chosen, setChosen] = useState(0);
  const [frame, setFrame] = useState(0);
  const model = videoModelOf(draft, models);
  const method = videoMethodOf(draft, methods);
  const isEdit = method !== undefined && changesClip(method);
  const isTimed = model !== undefined && method !== undefined && !isEdit;
  const timeline = useTimeline(isTimed ? videoRequest(draft, method, model) : undefined);
  const shown = history.find(({ id }) => id === draft.shown);
  const edit = editOf(draft);
  const source = isEdit ? (edit.source ?? undefined) : undefined;
  const part = partOf(edit);
  const made = isEdit || timeline === undefined ? part.frames : framesOfTimeline(timeline);
  const total = Math.max(1, shown?.result.frames ?? source?.frames ?? made);
  const { transitions = 0 } = {
    ...(method && defaultsFor(method, model)?.params),
    ...(method && setByHand(draft.params, method)),
  };
  const at = Math.min(chosen, draft.clips.length - 1);
  return (
    <main className="page video-page" id="main">
      <div className="video-main">
        <h1 className="unseen">{t('video.title')}</h1>
        <Player
          entry={shown}
          source={source}
          // A result of a part begins where the part does.
          sourceStart={shown !== undefined && source?.frames !== shown.result.frames ? part.start : 0}
          total={total}
          frame={Math.min(frame, total - 1)}
          onFrame={setFrame}
        >
          {source !== undefined && edit.box !== undefined && (
            <BoxLayer
              box={edit.box}
              width={source.width}
              height={source.height}
              onChange={(box) => changeEdit('box', { box })}
            />
          )}
        </Player>
        {isTimed && timeline !== undefined && (
          <Timeline
            draft={draft}
            method={method}
            transitions={Number(transitions)}
            division={timeline}
            chosen={at}
            onChoose={setChosen}
            frame={frame}
            onFrame={setFrame}
          />
        )}
        <VideoResults shown={draft.shown} />
      </div>
      <VideoPanel
        draft={draft}
        model={model}
        method={method}
        timeline={isEdit ? undefined : timeline}
        chosen={at}
        onChoose={setChosen}
        entry={shown}
      />
    </main>
  );
}
