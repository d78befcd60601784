import { State } from '../parts/badge.js';
import { Picture } from '../parts/picture.js';
import { Component } from '../preact.js';
import { hrefOf } from '../route.js';
import { isSameTile, type TileFacts } from './tile-facts.js';

/** One stream of the overview. It is drawn again only when one of its words has changed. */
export class Tile extends Component<{ facts: TileFacts }> {
  override shouldComponentUpdate({ facts }: { facts: TileFacts }): boolean {
    return !isSameTile(facts, this.props.facts);
  }

  override render() {
    const { facts } = this.props;
    const { streamId, app, name, state, codec, media, trouble } = facts;
    return (
      <li class="tile" data-stream={`${app}/${name}`}>
        <Picture streamId={streamId} codec={codec} words={media === '' ? 'Waiting for media' : 'Sound only'} />
        <div class="over">
          <State state={state} />
        </div>
        <div class="body">
          <a href={hrefOf('streams', streamId)}>
            <span class="app">{app}/</span>
            {name}
          </a>
          <p class="quiet media">{media}</p>
          <Measured facts={facts} />
          {trouble === '' ? null : <p class="warn">{trouble}</p>}
        </div>
      </li>
    );
  }
}

function Measured({ facts: { rateIn, rateOut, players, delay, age } }: { facts: TileFacts }) {
  return (
    <dl class="measured">
      <Fact name="In" value={rateIn} />
      <Fact name="Out" value={rateOut} />
      <Fact name="Players" value={players} isNameUnseen />
      <Fact name="Delay" value={delay} />
      <Fact name="Live for" value={age} />
    </dl>
  );
}

function Fact({ name, value, isNameUnseen }: { name: string; value: string; isNameUnseen?: boolean }) {
  if (value === '') return null;
  return (
    <div>
      <dt class={isNameUnseen === true ? 'unseen' : ''}>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}
