"""A line for each task that ends, by a listener of an installed package."""

listeners = [dict(type="Diary", path="diary.txt", token="${DIARY_TOKEN}")]
