"""Documents that are hard to read, and mutations of them."""

from __future__ import annotations

import random

DOCUMENTS: tuple[bytes, ...] = (
    b"<!DOCTYPE html><html><head><title>a</title></head><body><div class=x><p id=m>b</p></div></body></html>",
    b"<p>one<p class=x>two<div>three<p>four</div>",
    b"<ul><li>a<li class=x><a href=#>b</a><ul><li>c</ul><li>d</ul>",
    b"<table><td>a<td class=x>b<tr><td>c</table>",
    b"<!DOCTYPE html><p><table class=x><tr><td><p>a</table>",
    b"<p><table class=x><tr><td><p class=x>a</table><p>b",
    b'<!DOCTYPE html PUBLIC "-//W3C//DTD HTML 3.2//EN"><p><table><td><span>a</table>',
    b"<b><i>a</b>b</i><p class=x>c</p>",
    b"<b><p>a</b>b</p><div class=x><p>c</p></div>",
    b"<a href=1><div><a href=2 class=x>b</a></div></a><p>c",
    b"<b><div><i><p class=x>a</b>b</div><b>c<i>d</i></b>",
    b"<p><b>one<p>two</b><p class=x>three<span>s</span>",
    b"<font><table><tr><td class=x><font>a</td></tr></table></font><div><p>b</div>",
    b"<table><div class=x>a</div><tr><td>b</td></tr><p>c</table><p id=m>d",
    b"<table>text<tr>text<td>a</td>text</tr></table><p class=x>",
    b"<table><form class=x><tr><td><input name=u></td></tr></form></table><form><p><input name=u></form>",
    b"<table><input type=hidden name=u><tr><td><input name=u class=x></table>",
    b"<table><tr><td><table><tr><td class=x>a</table><td>b</table>",
    b"<table><caption>a<p>b</caption><colgroup><col><tbody><tr><th>c<td class=x>d</table>",
    b"<table><colgroup>x<col><tr><td class=x></table>",
    b"<table><tr><td><b>a</td><td class=x>b</b></td></tr></table><p>c",
    b"<table><b><tr><td class=x><p>a</td></tr></b></table><i><p>b",
    b"<svg><title>a<p></title><style><b></style></svg><p class=x>",
    b"<svg viewBox='0 0 1 1'><title>a</title><g><path class=y d=M0/><path></g></svg><p class=x>a",
    b"<svg><style><p class=x></style></svg><p>",
    b"<svg><desc><div class=x></div></desc></svg>",
    b"<svg><foreignObject><p class=x>a</p></foreignObject></svg><p>b",
    b"<svg><![CDATA[<p class=x>]]></svg><p id=m>",
    b"<div><![CDATA[<p class=x>]]></div><p id=m>",
    b"<svg><p class=x>a</svg><p>b",
    b"<math><mi>a<b class=x></mi><annotation-xml encoding=text/html><p></annotation-xml></math><p>b",
    b"<svg/><p class=x><svg><g/></svg><span>a</span>",
    b"<template><p class=x><template><p></template></p></template><p id=m>",
    b"<div><template><tr><td class=x></td></tr><style></template></style></template><p>a",
    b"<template><svg><template></svg></template><p class=x>",
    b"<div><template><td><i></template> <p class=x>",
    b"<div><template><tr><td><i></i></td><th>a</th></tr></template> <p class=x>",
    b"<template><select><template></template><style></template></style></select></template><p class=x>",
    b"<template><select><textarea></select></template><p class=x></textarea>",
    b"<script><!--<script><p class=x></script>--></script><p id=m>",
    b"<script><!-- </script><p class=x>",
    b"<script><!--><script></script><p class=x>",
    b"<script><!--<script></script><p class=x></script>a<p id=m>",
    b"<script>'</scripty>'</script ><p class=x>",
    b"<style><!--</style><p class=x>--></style>",
    b"<textarea><p class=x></textarea><p id=m>",
    b"<title><p class=x></title><p id=m>",
    b"<title>a</titlex></title/><p class=x>",
    b"<iframe><p class=x></iframe><noembed><p></noembed><noframes><p></noframes><xmp><p></xmp><p id=m>",
    b"<noscript><p class=x></noscript><p id=m>",
    b"<head><noscript><link></noscript><link class=x></head><p>",
    b"<head><noscript><img></noscript></head><body class=x><p>",
    b"<div><noscript><!--</noscript>--><p class=x></noscript></div>",
    b"<div><noscript><iframe src=a></iframe></noscript></div><p class=x>",
    b"<plaintext><p class=x>",
    b"<!--><p class=x>--><p id=m>",
    b"<!---><p class=x>--><p id=m>",
    b"<!----><p class=x>",
    b"<!-- a --!><p class=x>--><p id=m>",
    b"<!-- a -- > --!a --!--><p class=x>",
    b"<!----!><p class=x>-->",
    b"<!---!><p class=x>--><p id=m>",
    b"<!-- <!-- a --><p class=x>-->",
    b"<!-- <!--><p class=x>",
    b"<!a><p class=x></ a><p></><?php echo '<p id=m>' ?><p>",
    b"<!-a><p class=x><!><p>",
    b"<!doctype><p class=x>",
    b"<!doctype html [<p class=x>]><p id=m>",
    b"<form><p><form class=x><input name=u></form><input name=u></form>",
    b"<form><div></form><p class=x></div><p>",
    b"<form id=m><input name=u value=1></form><form><input name=u class=x></form>",
    b"<select><option>a<option class=x selected>b<optgroup><option></select><p id=m>",
    b"<select><p class=x><option></select><p id=m>",
    b"<select><input class=x><p></select>",
    b"<select><select class=x></select><p>",
    b"<table><tr><td><select><option><tr><td class=x></table>",
    b"<DIV CLASS=x><P ID=m>a</P></DIV><TABLE><TR><TD>b</TABLE>",
    b"<p class='x' class=y ID=m data-k = v><p data-k='v'>",
    b"<p =class=x><p class==x><p class =x/><p/class=x>",
    b'<p class="x"id="m"data-k><p a"b=\'c class=x>',
    b"<p title='<p class=x>' data-k=\"</p>\"><p class=x/>",
    b'<p class="a &#120; y"><p class="&#x78;"><p class=&#120>',
    b"<p class='x id=m><p>'><p class=x",
    b'<p class="x><p id=m>',
    b"<p\0 class=x><p class=x\0><\0p class=x><p class\0=x><p class=x>",
    b"\0\0<body><p class=x>\0</p>",
    b"\xef\xbb\xbf<!DOCTYPE html><body class=x><p>",
    b"<p title=\xe9\xff class=x>\xe4</p><p \xe4=1 id=m>",
    b"<p title='" + b"y" * 5000 + b"' class=x><span>",
    b"<div>" * 200 + b"<p class=x>" + b"</div>" * 200 + b"<p id=m>",
    b"<div>" * 400 + b"<p class=x>",
    b"<b>" * 60 + b"<p class=x>a" + b"</b>" * 60 + b"<p id=m>",
    b"<html><body><p><html class=x><body class=x><p id=m>",
    b"<p>a<body class=x><p class=x>",
    b"<p class=x><frameset><frame></frameset>",
    b"<frameset><frame></frameset><p class=x>",
    b"<head></head><link class=x><title></title><body><p>",
    b"<head></head><template><p></template><script></script> a<body class=x><p>",
    b"<head>&#32;<link class=x></head><p>",
    b"</p><p class=x></br><br class=x>",
    b"<h1>a<h2 class=x>b</h1>c</h3><p id=m>",
    b"<button>a<button class=x>b<p>c</button></button><p>",
    b"<dl><dt>a<dd class=x>b<p>c<dt>d</dl><dd>e",
    b"<ruby>a<rp>(<rt class=x>b<p>c<rp>)</ruby><p>",
    b"<object><p><b></object><p class=x></b><marquee><a></marquee><a>",
    b"<div><nobr><nobr class=x></nobr></div><p>",
    b"<image class=x><img><listing>\n<p></listing><pre>\n<p class=x>",
    b"<dialog><div><p class=x></dialog><p>",
    b"<span><dialog></span><p class=x></dialog><p>",
    b"<p><search class=x><p></search><menu><li></menu><hgroup><p></hgroup>",
    b"<a<b class=x><p/><p//class=x><p / id=m>",
    b"</body><p class=x></html><p id=m><!--a-->",
    b"<div></span></table></td></b></form></p></div><p class=x>",
    b"<a><p class=x><b></a>c</b></p><div><p>d",
    b"<i><b><span><div class=x><p></i></span></b></div><p id=m>",
    b"<table><a><tr><td><a class=x></a></td></tr></a></table><a><p>",
    b"<a><table><a class=x><tr><td><p></table><p id=m>",
    b"<hr><p><hr class=x><ul><p></ul><li><p><li>",
    b"<keygen><wbr><area><embed><param><source><track><input><p class=x>",
    b"< p class=x><p<p class=x></<p class=x><p id=m>",
    b"<p class=x><!-- unfinished <p id=m>",
)
"""Each asks of a reader something that a page should not."""

PIECES = tuple(
    piece.replace(b"_", b" ")
    for piece in b"<p> </p> <div> </div> <b> </b> <i> </i> <a> </a> <p_class=x> <div_class=x> <span> </span> <table> </table> "
    b"<tr> </tr> <td> </td> <td_class=x> <tbody> <form> </form> <input_name=u> <input_type=hidden> <select> </select> "
    b"<option> <svg> </svg> <title> </title> <style> </style> <script> </script> <textarea> </textarea> <template> "
    b"</template> <noscript> </noscript> <!-- --> <![CDATA[ ]]> <!doctype_html> <html> <head> </head> <body> </body> "
    b"<li> </li> <ul> </ul> <dd> <h1> </h1> <h2> <button> </button> <font> </font> <br> </br> <hr> <caption> "
    b"</caption> <colgroup> <col> <math> <mi> <object> </object> <ruby> <rt> <dialog> </dialog> <iframe> </iframe> <link> <body_"
    b"class=x> <svg/> <g> <desc> <nobr> <center> </center> <optgroup> <pre> <fieldset> <th> <P> <DIV_ID=m> <i_class=x> "
    b"a & &#32; < > / = \" ' ! - \0 _ \n class=x id=m".split(b" ")
)


def mutate(document: bytes, chance: random.Random) -> bytes:
    """A document with a few accidents."""
    for _ in range(chance.randint(1, 6)):
        at = chance.randint(0, len(document))
        end = min(len(document), at + chance.randint(1, 25))
        match chance.randint(0, 5):
            case 0:
                document = document[:at] + document[end:]
            case 1:
                to = chance.randint(0, len(document))
                document = document[:to] + document[at:end] + document[to:]
            case 2:
                other = chance.choice(DOCUMENTS)
                start = chance.randint(0, min(len(other), 200))
                document = document[:at] + other[start : start + chance.randint(1, 60)] + document[at:]
            case _:
                starts = [index for index in range(len(document)) if document[index : index + 1] == b"<"] or [at]
                at = chance.choice(starts) if chance.random() < 0.7 else at
                document = document[:at] + chance.choice(PIECES) + document[at:]
    return document
