import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useEditor } from '../state/editor.ts';
import { useSession } from '../state/session.ts';
import { divisionOf, videoModelOf } from '../state/video.ts';
import { layOut } from '../video/layout.ts';
import { Player } from './video/Player.tsx';
import { Timeline } from './video/Timeline.tsx';
import { VideoPanel } from './video/VideoPanel.tsx';
import { VideoResults } from './video/VideoResults.tsx';

/** One long video from prompts on a timeline: player above, timeline below, what is chosen beside them. */
export function VideoPage() {
  const { t } = useTranslation();
  const draft = useEditor(({ document }) => document.video);
  const { models, history } = useSession();
  const [chosen, setChosen] = useState(0);
  const [frame, setFrame] = useState(0);
  const model = videoModelOf(draft, models);
  const division = divisionOf(draft, model);
  const plan = layOut(
    draft.clips.map(({ frames }) => frames),
    division,
  );
  const shown = history.find(({ id }) => id === draft.shown);
  const total = shown?.result.frames ?? plan.total;
  const at = Math.min(chosen, draft.clips.length - 1);
  return (
    <main className="page video-page" id="main">
      <div className="video-main">
        <h1 className="unseen">{t('video.title')}</h1>
        <Player entry={shown} total={Math.max(1, total)} frame={Math.min(frame, total - 1)} onFrame={setFrame} />
        <Timeline
          draft={draft}
          division={division}
          plan={plan}
          chosen={at}
          onChoose={setChosen}
          frame={frame}
          onFrame={setFrame}
        />
        <VideoResults shown={draft.shown} />
      </div>
      <VideoPanel draft={draft} model={model} division={division} chosen={at} onChoose={setChosen} entry={shown} />
    </main>
  );
}
