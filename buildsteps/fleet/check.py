"""Whether the images that were built fit the boards of a fleet."""

from fleet import kernel_image, memory
from fleet.document import Document
from fleet.fleet import Fleet
from fleet.images import Images


def check_images(fleet: Fleet, images: Images, text: Document) -> None:
    """Adds a problem for each node whose board has no room for kernel, initramfs and device tree where they are loaded."""
    kernels = {arch: kernel_image.read(images.kernel(arch)) for arch in images.present()}
    for number, node in enumerate(fleet.nodes):
        arch = node.board.arch
        if arch not in kernels:
            continue
        for overlap in memory.overlaps(node.board, kernels[arch], images.initramfs(arch).stat().st_size):
            text.problem(("node", number, "board"), f"{node.name}: on {node.board.name} {overlap}, expected room for each")
        if node.dtb and not (images.dtbs(arch) / node.dtb).exists():
            text.problem(("node", number, "board"), f"{node.name}: out/{images.platform(arch)}/dtbs has no {node.dtb}, expected it from the build")
