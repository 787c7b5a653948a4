#!/usr/bin/env bash
# Makes a host of each folder in FOLDER/hosts, and runs a command on their controller.
#
#     hosts.sh FOLDER COMMAND...
#
# A host has a network, a mount table, processes, users and a name of its own, and an sshd. The network has no
# way out. The nth folder is 10.77.0.(10 + n). It may hold:
#
#     srv/  bin/    what the host has as /srv and /usr/local/bin
#     full          /srv/mdbdata is on a disk without room
#
# The user is rescue, the key FOLDER/key; he may become root. FOLDER/known_hosts knows all hosts. Whatever
# was started and mounted ends with the command. Needs root, iproute2, sshd, sudo and mkfs.ext4.
set -eu

controller() {
    local folder=$1 nth=10 host
    shift
    ip link set lo up
    ip link add fleet type bridge
    ip address add 10.77.0.1/24 dev fleet
    ip link set fleet up
    ssh-keygen -q -t ed25519 -N '' -f "$folder/key"
    for host in "$folder"/hosts/*; do
        nth=$((nth + 1))
        prepare "$host" "$nth"
        plug_in "$host" "$nth"
    done
    while read -r address; do
        until timeout 1 bash -c "exec 3<>/dev/tcp/$address/22" 2>/dev/null; do sleep 0.1; done
    done < <(cut -d ' ' -f 1 "$folder/known_hosts")
    "$@"
}

# The files that make a host out of a folder.
prepare() {
    local host=$1 nth=$2 folder id
    folder=$(dirname "$(dirname "$host")")
    id=$((2000 + nth))
    mkdir -p "$host"/{srv,bin,etc,home/rescue/.ssh}
    cp "$folder/key.pub" "$host/home/rescue/.ssh/authorized_keys"
    chown -R "$id:$id" "$host/home/rescue"
    chmod 755 "$host/home/rescue"
    cp -p /etc/passwd /etc/group /etc/shadow "$host/etc"
    echo "rescue:x:$id:$id::/home/rescue:/bin/bash" >>"$host/etc/passwd"
    echo "rescue:x:$id:" >>"$host/etc/group"
    echo "rescue:*:20000:0:99999:7:::" >>"$host/etc/shadow"
    printf '%s\n' 'root ALL=(ALL) ALL' 'rescue ALL=(ALL) NOPASSWD: ALL' >"$host/etc/sudoers"
    chmod 440 "$host/etc/sudoers"
    echo "127.0.0.1 localhost $(basename "$host")" >"$host/etc/hosts"
    ssh-keygen -q -t ed25519 -N '' -f "$host/etc/host_key"
    echo "10.77.0.$nth $(cut -d ' ' -f 1-2 "$host/etc/host_key.pub")" >>"$folder/known_hosts"
    printf '%s\n' "HostKey $host/etc/host_key" "ListenAddress 10.77.0.$nth" 'UsePAM no' 'PidFile none' \
        'PasswordAuthentication no' 'Subsystem sftp internal-sftp' >"$host/etc/sshd_config"
}

# Starts a host, and joins it to the network.
plug_in() {
    local host=$1 nth=$2 process
    unshare --net --mount --uts --pid --fork --kill-child --mount-proc \
        bash "${BASH_SOURCE[0]}" --host "$host" "10.77.0.$nth" >"$host/log" 2>&1 &
    process=$!
    until [ "$(readlink "/proc/$process/ns/net")" != "$(readlink /proc/self/ns/net)" ]; do sleep 0.02; done
    ip link add "host$nth" type veth peer name eth0 netns "$process"
    ip link set "host$nth" master fleet up
}

be_a_host() {
    local host=$1 address=$2 file
    hostname "$(basename "$host")"
    if [ -e "$host/full" ]; then lay_on_full_disk "$host"; fi
    for file in passwd group shadow sudoers hosts; do mount --bind "$host/etc/$file" "/etc/$file"; done
    mount --bind "$host/home" /home
    mount --rbind "$host/srv" /srv
    mount --bind "$host/bin" /usr/local/bin
    mount -t tmpfs tmpfs /run
    mkdir -m 755 /run/sshd
    ip link set lo up
    until ip link show eth0 >/dev/null 2>&1; do sleep 0.02; done
    ip address add "$address/24" dev eth0
    ip link set eth0 up
    exec /usr/sbin/sshd -D -e -f "$host/etc/sshd_config"
}

# Moves /srv/mdbdata to a disk of its own, on which nothing is left.
lay_on_full_disk() {
    local host=$1 files="$1/files"
    truncate -s 2M "$host/disk"
    mkfs.ext4 -q "$host/disk"
    mv "$host/srv/mdbdata" "$files"
    mkdir "$host/srv/mdbdata"
    mount -o loop "$host/disk" "$host/srv/mdbdata"
    cp -a "$files/." "$host/srv/mdbdata"
    cat /dev/zero >"$host/srv/mdbdata/filler" 2>/dev/null || true
}

if [ "$1" = --host ]; then
    be_a_host "$2" "$3"
elif [ "$1" = --controller ]; then
    shift
    controller "$@"
else
    exec unshare --net --mount --pid --fork --kill-child --mount-proc bash "${BASH_SOURCE[0]}" --controller "$@"
fi
