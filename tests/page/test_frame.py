from rolecall.page.frame import BLOCK, INLINE, Frame


def test_paths_grow_with_the_tree_and_stop_growing_at_the_limit():
    frame = Frame("html", None, BLOCK, 1)
    for _ in range(10_000):
        frame = Frame("div", frame, BLOCK, 2, longest=3)
    leaf = Frame("b", frame, INLINE, 1, longest=3)
    assert leaf.path == "/html/div[2]/div[2]//b"
    assert leaf.bold
    assert leaf.block == "div"


def test_hints_start_with_the_nearest_names():
    outer = Frame("html", None, BLOCK, 1, "Page", "page")
    inner = Frame("p", outer, BLOCK, 1, "Title", "title")
    assert inner.hints == "title page"
