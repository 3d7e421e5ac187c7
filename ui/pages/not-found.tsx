import { Title } from "../parts/title.tsx";
import { addressOfPlace } from "../router.ts";
import { WORDS } from "../words.ts";

export function NotFoundPage() {
  return (
    <>
      <Title text={WORDS.notFound.title} />
      <p class="lead">{WORDS.notFound.text}</p>
      <p>
        <a href={addressOfPlace({ page: "list" })}>{WORDS.notFound.back}</a>
      </p>
    </>
  );
}
